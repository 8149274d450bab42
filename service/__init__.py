"""
Luot: counts the hits of a publisher's pages, once, and shows the numbers at once.

The path of a hit is the path through this package:

``web``        a door takes the request and says who sent it
``intake``     the request becomes a hit, or a reason why it is none; pure functions
``counting``   the hit is decided and added up in Redis, in one step with everything it changes
``archive``    each minute what was added is set aside and added to SQL, in one transaction
``reporting``  questions are answered from SQL
``jobs``       the process that takes the snapshots and tidies up
``commands``   what an operator types; ``cli`` joins it

Below all of them stand ``errors``, ``clock``, ``hosts``, ``dimensions``, ``settings``,
``configuration`` and ``metrics``; ``runtime`` builds the parts that a process needs.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("luot")
except PackageNotFoundError:  # pragma: no cover - a checkout that was not installed
    __version__ = "0"
