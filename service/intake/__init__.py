"""
What arrives becomes a hit, or a reason why it is none. Pure: no Flask, no Redis, no SQL.
"""
