"""
Corrections as they are ordered, from the command line and by the API: checked, then carried out.
"""

from dataclasses import dataclass
from datetime import date

from service.archive.corrections import Correction, correct, undo
from service.archive.merging import merge_changes
from service.archive.orders import Order
from service.archive.removing import Wave, removal_changes
from service.dimensions import Dimension
from service.errors import CorrectionRefused, Rejected
from service.intake.paths import page_path
from service.intake.sites import Site
from service.runtime import Runtime

#: Characters of a reason, of a name and of a value.
LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class By:
    """
    Who corrects, and why.
    """

    actor: str
    why: str


def merge_pages(runtime: Runtime, site: Site, old: str, new: str, by: By) -> Correction:
    """
    The page ``old`` is counted as ``new``, with all that it ever had.

    :raises CorrectionRefused: nothing was changed
    """
    first, second = _path(site, old), _path(site, new)
    order = Order("merge", _checked(by.actor), _checked(by.why), {"from": first, "to": second})
    runtime.open_site(site.id)
    told = runtime.store, runtime.database, site, runtime.clock, order
    return correct(*told, lambda connection, row: merge_changes(connection, row, first, second))


def remove_wave(runtime: Runtime, site: Site, wave: Wave, by: By) -> Correction:
    """
    The wave is in no number.

    :raises CorrectionRefused: nothing was changed
    """
    asked = {"from": wave.first.isoformat(), "to": wave.last.isoformat()}
    if wave.path:
        asked["path"] = wave.path
    if wave.dimension is not None:
        asked |= {"dimension": str(wave.dimension), "value": wave.value}
    order = Order("remove", _checked(by.actor), _checked(by.why), asked)
    runtime.open_site(site.id)
    told = runtime.store, runtime.database, site, runtime.clock, order
    return correct(*told, lambda connection, row: removal_changes(connection, row, wave))


def undo_correction(runtime: Runtime, site: Site, number: int, by: By) -> Correction:
    """
    Everything is as if the correction had not been made.

    :raises CorrectionRefused: nothing was changed
    """
    runtime.open_site(site.id)
    told = runtime.store, runtime.database, site, runtime.clock
    return undo(*told, number, _checked(by.actor), _checked(by.why))


def wave_of(site: Site, first: date, last: date, path: str, dimension: str, value: str) -> Wave:
    """
    The wave that these words name; empty ones name nothing.

    :raises CorrectionRefused: they name none
    """
    if not dimension:
        return Wave(first, last, _path(site, path) if path else "")
    asked = dimension.replace("-", "_")
    if asked not in set(Dimension):
        raise CorrectionRefused(f"there is no such dimension; known are {', '.join(Dimension)}")
    if not value:
        raise CorrectionRefused("a dimension needs a value")
    return Wave(first, last, _path(site, path) if path else "", Dimension(asked), _checked(value))


def _path(site: Site, path: str) -> str:
    try:
        return page_path(path, site.paths).path
    except Rejected:
        raise CorrectionRefused("that is no path of a page") from None


def _checked(text: str) -> str:
    if len(text) > LONGEST or not text.isprintable():
        raise CorrectionRefused(f"a reason and a name have up to {LONGEST} characters in a line")
    return text
