"""
No pattern of the service takes longer than a text is long, give or take a constant.

Patterns are read as Python reads them, and two shapes are refused: a repetition within a
repetition, and two repetitions behind each other that can share the same characters. Both try every
way to divide a text. Possessive ones (``*+``) never give back what they took, so they may stand
anywhere; so may those with a small bound.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import service

SERVICE = Path(__file__).parents[1] / "service"

#: Python's own reading of patterns.
parser: Any = importlib.import_module("re._parser")
compiler: Any = importlib.import_module("re._compiler")
constants: Any = importlib.import_module("re._constants")

#: Repetitions up to this bound cost a constant.
SMALL = 64

#: Characters by which sets are compared: those of ASCII, and some of which patterns speak.
ALPHABET = [chr(code) for code in range(128)] + list("\u00a0\u00e9\u2028\u202f\uff1d")

GREEDY = (constants.MAX_REPEAT, constants.MIN_REPEAT)
REPEATS = (*GREEDY, constants.POSSESSIVE_REPEAT)

#: A part of a sequence: the characters that it may begin with, whether it has to be there, and
#: whether it may be of any length and give back what it took.
Part = tuple[frozenset[str], bool, bool]


def one(op: Any, value: Any) -> frozenset[str] | None:
    """
    The characters of a part that stands for a single one; ``None`` for any other part.
    """
    if op not in (constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.IN):
        return None
    tree = parser.SubPattern(parser.State(), [(op, value)])
    pattern = compiler.compile(tree)
    return frozenset(sign for sign in ALPHABET if pattern.fullmatch(sign))


def parts(tree: Any, *, needed: bool = True) -> Iterator[Part]:
    """
    A pattern as a sequence; of alternatives all stand in it, none of them needed.
    """
    for op, value in tree:
        signs = one(op, value)
        if signs is not None:
            yield signs, needed, False
        elif op is constants.SUBPATTERN:
            yield from parts(value[-1], needed=needed)
        elif op is constants.ATOMIC_GROUP:
            yield from ((signs, there, False) for signs, there, _ in parts(value, needed=needed))
        elif op is constants.BRANCH:
            for branch in value[1]:
                yield from parts(branch, needed=False)
        elif op in REPEATS:
            low, high, body = value
            endless = op in GREEDY and high > SMALL
            for signs, there, inner in parts(body, needed=needed and low > 0):
                yield signs, there, inner or endless


def nested(tree: Any, *, inside: bool = False) -> bool:
    """
    Whether something of any length is repeated any number of times.
    """
    for op, value in tree:
        if op in REPEATS:
            endless = op in GREEDY and value[1] > SMALL
            if (endless and inside) or nested(value[2], inside=inside or endless):
                return True
        elif op in (constants.SUBPATTERN, constants.BRANCH):
            bodies = value[1] if op is constants.BRANCH else [value[-1]]
            if any(nested(body, inside=inside) for body in bodies):
                return True
    return False


def shared(tree: Any) -> bool:
    """
    Whether two repetitions can divide the same characters between them in many ways.
    """
    row = list(parts(tree))
    for place, (signs, _, endless) in enumerate(row):
        if not endless:
            continue
        for others, needed, other_endless in row[place + 1 :]:
            if other_endless and signs & others:
                return True
            if needed and not signs & others:
                break
    return False


def is_dangerous(pattern: str | bytes, flags: int = 0) -> bool:
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    tree = parser.parse(text, flags & re.VERBOSE)
    return nested(tree) or shared(tree)


def compiled() -> dict[str, re.Pattern[Any]]:
    """
    Every pattern that a module of the service keeps.
    """
    found = {}
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if "migrations" in module.name or module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                found[f"{module.name}.{name}"] = value
    return found


def written() -> Iterator[tuple[str, str | bytes]]:
    """
    Every pattern that stands in a call to ``re``.
    """
    for file in sorted(SERVICE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.args:
                told = node.args[0]
                if isinstance(told, ast.Constant) and isinstance(told.value, str | bytes):
                    yield f"{file.relative_to(SERVICE)}:{node.lineno}", told.value


@pytest.mark.parametrize(
    ("pattern", "dangerous"),
    [
        *((r"(a+)+b", True), (r"(?:[a-z]*,?)*\Z", True), (r"\d*[1-9]\d*", True)),
        *((r"\s*(?:;x)?\s*\Z", True), (r".*,.*", True), (r"(?:a|b*)+c", True)),
        *((r"\s*+(?:;x)?\s*+\Z", False), (r"(?:\.[a-z]{1,63})*", False), (r"a*b*", False)),
        *((r"[^,]*,[^,]*", False), (r"(?:%[0-9a-f]{2})+", False), (r"(?:a++b)*", False)),
    ],
)
def test_the_test_would_notice(pattern: str, *, dangerous: bool) -> None:
    assert is_dangerous(pattern) == dangerous


def test_no_pattern_can_be_led_astray() -> None:
    kept = compiled()
    found = [name for name, p in kept.items() if is_dangerous(p.pattern, p.flags)]
    found += [place for place, text in written() if is_dangerous(text)]

    assert len(kept) > 50
    assert [] == found
