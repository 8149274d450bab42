"""
Numbers are kept for good. The only place that writes SQL.
"""
