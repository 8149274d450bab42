"""
Whether a process can keep hits, and what is in the way if not, in words for an operator.
"""

from service.archive.migrating import is_migrated
from service.errors import LuotError, StoreError, StoreUnavailable
from service.runtime import Runtime

#: Bytes of the largest batch that a journal has to have room for.
LARGEST_RECORD = 64 * 1024


def shortcomings(runtime: Runtime) -> list[str]:
    """
    A sentence for each thing that is in the way; none when the process is ready.

    A process with a journal that was ready once stays so when Redis goes away: hits are kept.
    """
    found = _full(runtime)
    try:
        runtime.store.check_fitness()
    except StoreUnavailable as error:
        if runtime.was_ready:
            return found
        found.append(str(error))
    except LuotError as error:
        found.append(str(error))
    try:
        if not is_migrated(runtime.database):
            found.append("the database has not this version's tables: run luot migrate")
    except LuotError as error:
        found.append(str(error))
    if not found:
        found = [why for name in runtime.sites if (why := _why_closed(runtime, name))]
    if not found and runtime.has_journals:
        runtime.was_ready = True
    return found


def warnings(runtime: Runtime) -> list[str]:
    """
    A sentence for each thing that somebody should see to, though hits are kept.
    """
    try:
        doubt = runtime.guard.doubt()
    except LuotError:
        # What is away is no reason to doubt the clock, and is told where it matters.
        return []
    return [f"{doubt}; until then nothing is closed, trimmed or retired"] if doubt else []


def _full(runtime: Runtime) -> list[str]:
    room = runtime.journals.capacity - runtime.journals.size()
    if not runtime.has_journals or room >= LARGEST_RECORD:
        return []
    return ["the journal is full: hits are refused until Redis and SQL have what it holds"]


def _why_closed(runtime: Runtime, site: str) -> str:
    try:
        if not runtime.store.status(site).is_open:
            runtime.open_site(site)
            if not runtime.was_ready and not runtime.store.status(site).is_open:
                return f"{site}: is being restored; journals are heard"
    except LuotError as error:
        if runtime.was_ready and isinstance(error, StoreError):
            return ""
        said = str(error)
        return said if said.startswith(f"{site}:") else f"{site}: {said}"
    return ""
