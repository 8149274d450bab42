"""
What is done again and again, and the process that does it.
"""
