"""
Whether a process can keep hits, and what is in the way if not, in words for an operator.
"""

from service.archive.migrating import is_migrated
from service.errors import LuotError
from service.runtime import Runtime


def shortcomings(runtime: Runtime) -> list[str]:
    """
    A sentence for each thing that is in the way; none when the process is ready.
    """
    found = []
    try:
        runtime.store.check_fitness()
    except LuotError as error:
        found.append(str(error))
    try:
        if not is_migrated(runtime.database):
            found.append("the database has not this version's tables: run luot migrate")
    except LuotError as error:
        found.append(str(error))
    if not found:
        found = [why for name in runtime.sites if (why := _why_closed(runtime, name))]
    return found


def _why_closed(runtime: Runtime, site: str) -> str:
    try:
        if not runtime.store.status(site).is_open:
            runtime.open_site(site)
    except LuotError as error:
        said = str(error)
        return said if said.startswith(f"{site}:") else f"{site}: {said}"
    return ""
