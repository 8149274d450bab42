"""
Deltas: what was added since the last snapshot, set aside, read whole, and forgotten.
"""

from dataclasses import dataclass, field

from service.counting.keys import SiteKeys
from service.counting.store import Store
from service.errors import StoreError

#: Fields that one HSCAN is asked for.
SCAN = 1_000


@dataclass(frozen=True, slots=True)
class Delta:
    """
    One closed delta. Numbers are increments; those of exits may be negative.
    """

    token: str
    number: int
    #: The token of the delta before it, or the root of its epoch.
    parent: str
    epoch: int
    #: (site-day, hour, path) -> views, visits, visitors, entries, exits, engaged visits, engaged
    #: seconds, events; the empty path is the site.
    hours: dict[tuple[str, int, str], tuple[int, ...]] = field(default_factory=dict)
    #: (site-day, path, dimension, value) -> views, visits, visitors, events.
    values: dict[tuple[str, str, str, str], tuple[int, ...]] = field(default_factory=dict)
    #: (site-day, hour, reason) -> requests.
    filtered: dict[tuple[str, int, str], int] = field(default_factory=dict)
    #: producer -> its last seq.
    watermarks: dict[str, int] = field(default_factory=dict)
    #: path -> its newest title.
    titles: dict[str, str] = field(default_factory=dict)
    #: file -> lines of it that are done.
    files: dict[str, int] = field(default_factory=dict)
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
    )
    for name, value in rows.items():
        try:
            _READERS[name[:2]](delta, name.split("\t")[1:], _text(value), _text(name))
        except (KeyError, ValueError):
            delta.unreadable[name] = value
    return delta


def _text(raw: str) -> str:
    raw.encode("utf-8")
    if "\0" in raw:
        raise ValueError("NUL")
    return raw


def _measures(value: str, many: int) -> tuple[int, ...]:
    numbers = tuple(map(int, value.split()))
    if len(numbers) != many or any(abs(number) >= 2**63 for number in numbers):
        raise ValueError(value)
    return numbers


def _read_hour(delta: Delta, parts: list[str], value: str, _: str) -> None:
    day, hour, path = parts
    delta.hours[day, int(hour), path] = _measures(value, 8)


def _read_value(delta: Delta, parts: list[str], value: str, _: str) -> None:
    day, path, dimension, text = parts
    delta.values[day, path, dimension, text] = _measures(value, 4)


def _read_filtered(delta: Delta, parts: list[str], value: str, _: str) -> None:
    day, hour, reason = parts
    delta.filtered[day, int(hour), reason] = _measures(value, 1)[0]


def _read_watermark(delta: Delta, parts: list[str], value: str, _: str) -> None:
    delta.watermarks[parts[0]] = int(value)


def _read_title(delta: Delta, parts: list[str], value: str, _: str) -> None:
    delta.titles[parts[0]] = value


def _read_file(delta: Delta, parts: list[str], value: str, _: str) -> None:
    delta.files[parts[0]] = int(value)


def _read_mark(_delta: Delta, _parts: list[str], _value: str, _: str) -> None:
    pass


_READERS = {
    "h\t": _read_hour,
    "d\t": _read_value,
    "f\t": _read_filtered,
    "p\t": _read_watermark,
    "t\t": _read_title,
    "i\t": _read_file,
    "m\t": _read_mark,
}
