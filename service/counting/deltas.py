"""
Deltas: what was added since the last snapshot, set aside, read whole, and forgotten.
"""

from dataclasses import dataclass, field
from enum import IntFlag

from service.counting.breakdowns import PLACES, Rules
from service.counting.keys import SiteKeys
from service.counting.store import Store
from service.counting.wire import PAIR
from service.errors import StoreError

#: Fields that one HSCAN is asked for.
SCAN = 1_000


class Is(IntFlag):
    """
    What a hit is: what it was the first of.
    """

    VIEW = 1
    NEW_VISIT = 2
    NEW_VISITOR = 4
    #: The visit's first view of the page, which may stand in a row of its own, in the hour in which
    #: the visit began.
    PAGE_VISIT = 8
    #: The visitor's first view of the page on the day.
    PAGE_VISITOR = 16
    EVENT = 32


class Went(IntFlag):
    """
    What a later hit says of its visit.
    """

    #: It has a second view, or an event: it is no bounce.
    ENGAGED = 1
    #: It left a page for another.
    ON = 2
    #: It viewed its first page, having begun with events.
    IN = 4


@dataclass(frozen=True, slots=True)
class Delta:
    """
    One closed delta. Numbers are increments: how often each thing happened.
    """

    token: str
    number: int
    #: The token of the delta before it, or the root of its epoch.
    parent: str
    epoch: int
    #: (site-day, hour, what, path, values of all dimensions) -> hits; what is a sum of ``Is``.
    hits: dict[tuple[str, int, int, str, str], int] = field(default_factory=dict)
    #: (site-day, hour, what, page before, page after) -> visits; what is a sum of ``Went``.
    moves: dict[tuple[str, int, int, str, str], int] = field(default_factory=dict)
    #: (site-day, hour, path) -> seconds of attention.
    seconds: dict[tuple[str, int, str], int] = field(default_factory=dict)
    #: (site-day, hour, reason) -> requests.
    filtered: dict[tuple[str, int, str], int] = field(default_factory=dict)
    #: producer -> its last seq.
    watermarks: dict[str, int] = field(default_factory=dict)
    #: path -> its newest title, and its host behind a TAB where that is not the site's first.
    titles: dict[str, str] = field(default_factory=dict)
    #: The beginnings of a page's and of a title's digest -> visitors of the page who sent it so.
    votes: dict[str, int] = field(default_factory=dict)
    #: (site-day, page, page) -> readers of the day who viewed both; a page is the beginning of its
    #: digest.
    together: dict[tuple[str, str, str], int] = field(default_factory=dict)
    #: file -> lines of it that are done.
    files: dict[str, int] = field(default_factory=dict)
    #: What follows from its hits for dimensions.
    rules: Rules = field(default_factory=Rules)
    #: Fields that could not be read, as they stood.
    unreadable: dict[str, str] = field(default_factory=dict)


def close_delta(store: Store, site: str, epoch: int, token: str) -> bool:
    """
    Whether there was anything; if so it stands aside under this token.

    :raises SiteNotOpen: the site has another epoch, server or phase
    """
    keys = SiteKeys(site)
    asked = [keys.state, keys.delta, keys.closed_delta(token)]
    return bool(store.call("close_delta", asked, [epoch, token]))


def forget_delta(store: Store, site: str, epoch: int, token: str) -> None:
    """
    The delta that was closed under this token is gone; others stay.
    """
    keys = SiteKeys(site)
    store.call("forget_delta", [keys.state, keys.closed_delta(token)], [epoch, token])


def chain(store: Store, site: str, tip: str) -> list[str]:
    """
    Tokens of the closed deltas, the oldest first, and in front of them the parent of the oldest.

    With nothing closed it is the tip alone.
    """
    keys = SiteKeys(site)
    tokens = [tip]
    while parent := store.guarded(store.commands.hget, keys.closed_delta(tokens[-1]), "m\tparent"):
        tokens.append(parent)
    return tokens[::-1]


def read_delta(store: Store, site: str, token: str) -> Delta | None:
    """
    A closed delta, whole; ``None`` when somebody has forgotten it by now.

    :raises StoreError: when it has not as many fields as it was closed with
    """
    key = SiteKeys(site).closed_delta(token)
    rows: dict[str, str] = {}
    cursor = 0
    while True:
        cursor, page = store.guarded(store.commands.hscan, key, cursor, count=SCAN)
        rows.update(page)
        if cursor == 0:
            break
    if len(rows) != int(rows.get("m\tfields", -1)):
        if not store.guarded(store.commands.exists, key):
            return None
        raise StoreError(f"the delta {token} of {site} is not whole")
    return parse_delta(rows)


def parse_delta(rows: dict[str, str]) -> Delta:
    """
    The delta that the fields of a hash describe; what cannot be read stands in ``unreadable``.
    """
    delta = Delta(
        token=rows["m\ttoken"],
        number=int(rows["m\tnumber"]),
        parent=rows["m\tparent"],
        epoch=int(rows["m\tepoch"]),
        rules=_rules(rows.get("l\trules", "")),
    )
    for name, value in rows.items():
        try:
            _READERS[name[:2]](delta, _text(name), _text(value))
        except (KeyError, ValueError):
            delta.unreadable[name] = value
    return delta


def _rules(text: str) -> Rules:
    try:
        return Rules.parse(text)
    except ValueError:
        return Rules()


def _text(raw: str) -> str:
    raw.encode("utf-8")
    if "\0" in raw:
        raise ValueError("NUL")
    return raw


def _number(value: str) -> int:
    number = int(value)
    if not 0 <= number < 2**63:
        raise ValueError(value)
    return number


def _read_hits(delta: Delta, name: str, value: str) -> None:
    _, day, hour, what, path, values = name.split("\t", 5)
    if values.count("\t") != len(PLACES) - 1 or not 0 < int(what) < 2 * Is.EVENT:
        raise ValueError(name)
    delta.hits[day, int(hour), int(what), path, values] = _number(value)


def _read_moves(delta: Delta, name: str, value: str) -> None:
    _, day, hour, what, before, after = name.split("\t")
    delta.moves[day, int(hour), int(what), before, after] = _number(value)


def _read_seconds(delta: Delta, name: str, value: str) -> None:
    _, day, hour, path = name.split("\t")
    delta.seconds[day, int(hour), path] = _number(value)


def _read_filtered(delta: Delta, name: str, value: str) -> None:
    _, day, hour, reason = name.split("\t")
    delta.filtered[day, int(hour), reason] = _number(value)


def _read_watermark(delta: Delta, name: str, value: str) -> None:
    delta.watermarks[name[2:]] = _number(value)


def _read_title(delta: Delta, name: str, value: str) -> None:
    delta.titles[name[2:]] = value


def _read_votes(delta: Delta, name: str, value: str) -> None:
    size = 2 * PAIR[1]
    if len(value) % size:
        raise ValueError(name)
    for at in range(0, len(value), size):
        mark = value[at : at + size]
        delta.votes[mark] = delta.votes.get(mark, 0) + 1


def _read_together(delta: Delta, name: str, value: str) -> None:
    _, day, _ = name.split("\t")
    size = PAIR[1]
    for trail in value.split():
        newest, *before = (trail[at : at + size] for at in range(0, len(trail), size))
        if len(trail) % size:
            raise ValueError(name)
        for page in before:
            pair = (day, min(page, newest), max(page, newest))
            delta.together[pair] = delta.together.get(pair, 0) + 1


def _read_file(delta: Delta, name: str, value: str) -> None:
    delta.files[name[2:]] = _number(value)


def _read_rules(_delta: Delta, _name: str, value: str) -> None:
    # They are there before the first row; here they are only looked at once more.
    Rules.parse(value)


def _read_mark(_delta: Delta, _name: str, _value: str) -> None:
    pass


_READERS = {
    "c\t": _read_hits,
    "v\t": _read_moves,
    "e\t": _read_seconds,
    "f\t": _read_filtered,
    "p\t": _read_watermark,
    "n\t": _read_votes,
    "r\t": _read_together,
    "t\t": _read_title,
    "i\t": _read_file,
    "l\t": _read_rules,
    "m\t": _read_mark,
}
