"""
The doors for pages that carry another tracker, all together.
"""

from flask import Flask

from service.web import (
    busuanzi,
    goatcounter,
    goatcounter_numbers,
    matomo,
    plausible,
    umami,
    vercount,
)


def add_foreign_doors(app: Flask) -> None:
    """
    The application has them; for which site each is open, the settings say.
    """
    for door in (goatcounter, goatcounter_numbers, plausible, umami, matomo, busuanzi, vercount):
        app.register_blueprint(door.blueprint)
