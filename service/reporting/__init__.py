"""
Questions and answers. The only place that reads SQL for people.
"""
