"""
Hits become numbers, once. The only place that speaks to Redis.
"""
