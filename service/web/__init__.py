"""
The doors: a Flask application of small blueprints, joined in ``app``.
"""
