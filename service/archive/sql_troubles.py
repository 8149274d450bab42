"""
What SQL's library says when something is wrong, and what an operator can do about it.

SQLite tells of its file in words of its own; with them alone nobody knows that the way out of a
damaged file is a backup, and that a file that is merely full or closed to us is as good as ever.
"""

from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

#: What is to be done about a file that is no database any more.
DAMAGED = (
    "luot.sqlite3 in data_dir is damaged: stop Luot, put it aside together with its -wal and -shm, "
    "and luot restore the newest backup; until then Redis and journals keep what is counted"
)

#: Parts of what is said, and what to do.
_ADVICE = {
    "no such table": "run luot migrate",
    "malformed": DAMAGED,
    "not a database": DAMAGED,
    "unsupported file format": DAMAGED,
    "readonly database": "give Luot's user the right to write luot.sqlite3 and its folder",
    "disk is full": "make room on the disk of data_dir; nothing is lost, what is counted waits",
    "disk I/O error": "look at the disk of data_dir: has it room, is it in the kernel's log?",
    "unable to open database file": "does data_dir exist, and may Luot's user write there?",
    "database is locked": "another process has been writing for too long; it is tried again",
}


def said(error: DBAPIError) -> str:
    """
    The first line of what went wrong, and what to do where we know it.
    """
    told = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
    if "relation" in told and "does not exist" in told:
        return f"SQL: {told}; run luot migrate"
    advice = next((what for part, what in _ADVICE.items() if part in told), "")
    return f"SQL: {told}; {advice}" if advice else f"SQL: {told}"


def damage(engine: Engine) -> str:
    """
    What SQLite, which reads all of its file, finds wrong with it, and what to do; else empty.
    """
    try:
        with engine.connect() as connection:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    except DBAPIError as error:
        told = said(error)
        return told if DAMAGED in told else ""
    except (ValueError, OverflowError):
        # What was read is no text, or no number that it could be.
        found = "unreadable"
    return "" if found == "ok" else f"SQL: database disk image is malformed; {DAMAGED}"
