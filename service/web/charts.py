"""
A line of numbers as the coordinates of a drawing. Pure.

The drawing is stretched to the room it gets, so texts stand beside it and not in it: on a telephone
they are as large as anything else. What is not over yet is drawn apart, because it will grow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: The drawing's own size; browsers stretch it.
WIDTH, HEIGHT = 1000, 240

#: Room above the largest number, so that its line is not cut.
HEAD = 6

#: Labels that fit under a chart on a telephone, and on a desk.
LABELS = 7

#: What a quarter of a scale may begin with, in tenths, so that 2.5 is among them.
_QUARTERS = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80)


@dataclass(frozen=True, slots=True)
class Point:
    """
    One part of a period.
    """

    label: str
    #: The label in full, for the table and the reader's hand.
    told: str
    #: ``None`` when it has not begun.
    number: int | None
    #: The same part of the period that is compared; ``None`` without one.
    before: int | None
    #: Where its own page is, if it has one.
    link: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """
    Where a point is drawn, and how it is called.
    """

    left: float
    width: float
    #: Where its middle is.
    x: float
    #: How high it is; none when there is nothing to draw.
    y: float | None
    point: Point


@dataclass(frozen=True, slots=True)
class Label:
    """
    A text under the drawing, with its middle so far from the left, of 100.
    """

    x: float
    text: str
    #: Where it stands, in words that the drawing has for that.
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """
    A drawing: paths for lines, columns for hands, numbers and labels for its sides.
    """

    columns: tuple[Column, ...]
    line: str
    area: str
    #: From the last whole part to the one that is not over.
    growing: str
    before: str
    #: The largest number first.
    scale: tuple[int, ...]
    labels: tuple[Label, ...]
    has_before: bool


def chart(points: Sequence[Point], *, is_growing: bool) -> Chart:
    """
    The drawing of a period.

    :param is_growing: whether its last number is of a part that is not over
    """
    numbers = [p.number for p in points if p.number is not None]
    others = [p.before for p in points if p.before is not None]
    top = scale_of(max([*numbers, *others], default=0))
    width = WIDTH / max(len(points), 1)
    columns = tuple(
        Column(_short(n * width), _short(width), _short((n + 0.5) * width), _y(p.number, top), p)
        for n, p in enumerate(points)
    )
    drawn = [(c.x, c.y) for c in columns if c.y is not None]
    sure = drawn[:-1] if is_growing and len(drawn) > 1 else drawn
    old = [(c.x, y) for c in columns if (y := _y(c.point.before, top)) is not None]
    return Chart(
        columns=columns,
        line=_path(sure),
        area=f"{_path(drawn)}V{HEIGHT}H{drawn[0][0]:g}Z" if drawn else "",
        growing=_path(drawn[-2:]) if len(sure) < len(drawn) else "",
        before=_path(old),
        scale=tuple(top * part // 4 for part in (4, 3, 2, 1, 0)),
        labels=_labels(columns),
        has_before=bool(others),
    )


def scale_of(largest: int) -> int:
    """
    The round number at the top of a scale, whose quarters are whole numbers.
    """
    step = 1
    while True:
        for quarter in _QUARTERS:
            if quarter * step * 4 >= largest * 10 and quarter * step % 10 == 0:
                return quarter * step // 10 * 4
        step *= 10


def share(number: int, largest: int) -> float:
    """
    How long a bar is, of 100.
    """
    return _short(100 * number / largest) if largest > 0 else 0.0


def _y(number: int | None, top: int) -> float | None:
    if number is None:
        return None
    return _short(HEIGHT - max(number, 0) / top * (HEIGHT - HEAD))


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) if points else ""


def _short(number: float) -> float:
    return round(number, 2)


def _labels(columns: Sequence[Column]) -> tuple[Label, ...]:
    """
    The labels that are shown: the first, and others at the same distance.
    """
    step = max(-(-len(columns) // LABELS), 1)
    found = []
    for column in columns[::step]:
        x = _short(100 * column.x / WIDTH)
        # One that stands near an end would reach over it.
        anchor = "start" if x < 4 else "end" if x > 96 else "middle"
        found.append(Label({"start": 0, "end": 100}.get(anchor, x), column.point.label, anchor))
    return tuple(found)
