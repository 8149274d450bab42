"""
The scripts that pages load, as they are served.
"""

#: Scripts that there are.
NAMES = ("luot.js", "luot-more.js")


def script_bytes(name: str) -> bytes:
    """
    The bytes of a script as they are served, of which its integrity hash is made.

    :raises KeyError: there is none of this name
    """
    if name not in NAMES:
        raise KeyError(name)
    return b"/* " + name.encode() + b" */\n"
