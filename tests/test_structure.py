"""
The shape of the code: which module may import which, and how long anything may be.
"""

import ast
import re
import tokenize
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVICE = ROOT / "service"
MODULES = sorted(SERVICE.rglob("*.py"))

#: Lower layers first; a module imports its own layer and those below it.
LAYERS = (
    {
        "errors",
        "clock",
        "hosts",
        "dimensions",
        "settings",
        "configuration",
        "metrics",
        "logs",
        "languages",
    }
    | {"demo_articles", "demo_words", "crashes", "store_urls", "door_settings", "tallies", "slots"},
    {"intake"},
    {"counting"},
    {"archive"},
    {"reporting"},
    {"embedded", "demo", "hints", "runtime", "readiness", "supervisor"},
    {"web", "jobs"},
    {"commands"},
    {"cli", "__main__"},
)

FORBIDDEN = re.compile(r"(utils?|helpers?|common|misc|base|managers?|handlers?|data|info)\.py\Z")


def name_of(module: Path) -> str:
    return ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(module: Path) -> set[str]:
    """
    What a module imports of this package, inside functions too.
    """
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    known = {name_of(m) for m in MODULES}
    return {name for name in found if name in known and name != "service"}


def layer_of(name: str) -> int:
    part = name.split(".")[1] if "." in name else "cli"
    return next(place for place, layer in enumerate(LAYERS) if part in layer)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_imports_run_one_way(module: Path) -> None:
    if module.name == "__init__.py" and module.parent == SERVICE:
        return
    if "migrations" in module.parts:
        return
    above = [name for name in imports_of(module) if layer_of(name) > layer_of(name_of(module))]

    assert above == []


def test_there_is_no_cycle_of_imports() -> None:
    graph = {name_of(module): imports_of(module) for module in MODULES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for other in graph[name] - {name}:
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize(
    ("library", "places"),
    [
        ("redis", {"counting"}),
        ("flask", {"web"}),
        ("sqlalchemy", {"archive", "reporting"}),
        ("apscheduler", {"jobs"}),
        ("click", {"commands", "cli"}),
    ],
)
def test_each_library_has_its_place(library: str, places: set[str]) -> None:
    users = {
        name_of(module).split(".")[1]
        for module in MODULES
        if re.search(rf"^\s*(from|import) {library}\b", module.read_text("utf-8"), re.MULTILINE)
        and "migrations" not in module.parts
    }

    assert users <= places


def test_only_the_archive_writes_sql() -> None:
    writing = re.compile(r"from sqlalchemy import .*\b(insert|update|delete)\b|\.write\(\) as")
    writers = {
        name_of(module).split(".")[1]
        for module in MODULES
        if writing.search(module.read_text(encoding="utf-8"))
    }

    assert {"archive"} == writers


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_modules_are_small_and_named_for_what_they_hold(module: Path) -> None:
    lines = module.read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 300
    assert not FORBIDDEN.search(module.name)
    assert ast.get_docstring(ast.parse("\n".join(lines)))


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_functions_are_short(module: Path) -> None:
    longest = {}
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            prose = node.body[0] if ast.get_docstring(node) else None
            told = (prose.end_lineno or 0) - prose.lineno + 1 if prose else 0
            longest[node.name] = (node.end_lineno or 0) - node.lineno + 1 - told

    too_long = {name: size for name, size in longest.items() if size > 50}
    assert too_long == {} or "migrations" in module.parts


LUA = sorted((SERVICE / "counting" / "lua").glob("*.lua"))


@pytest.mark.parametrize("part", LUA, ids=lambda path: path.name)
def test_every_lua_function_says_what_it_does(part: Path) -> None:
    lines = part.read_text(encoding="utf-8").splitlines()
    untold = [
        line
        for number, line in enumerate(lines)
        if re.match(r"local function ", line) and not lines[number - 1].startswith(("--", "local "))
    ]

    assert untold == []
    assert len(lines) <= 300


def test_every_registered_function_names_its_keys_arguments_and_answer() -> None:
    code = "\n".join(part.read_text(encoding="utf-8") for part in LUA)
    registered = set(re.findall(r"luot_v1_(\w+)'", code))
    assert {"record", "close_delta", "confirm", "numbers"} <= registered
    for name in registered:
        told = re.search(
            rf"^-- {name}: (?:--.*\n|.*\n)*?local function {name}\(", code, re.MULTILINE
        )
        assert told, name
        header = told[0]
        assert "KEYS" in header, name
        assert "ARGV" in header, name
        assert "Returns" in header, name
        used = {int(n) for n in re.findall(r"keys\[(\d+)\]", _body(code, name))}
        listed = {int(n) for n in re.findall(r"(?:KEYS|\s)\s*(\d+) (?:luot:|one of)", header)}
        assert used <= listed, name


def _body(code: str, name: str) -> str:
    found = re.search(rf"^local function {name}\(.*?^end$", code, re.MULTILINE | re.DOTALL)
    assert found
    return found[0]


def test_a_third_of_the_lua_is_comment() -> None:
    lines = [line for part in LUA for line in part.read_text("utf-8").splitlines() if line.strip()]
    comments = [line for line in lines if line.lstrip().startswith("--")]

    assert len(comments) / len(lines) >= 0.3


def test_no_test_sleeps() -> None:
    sleeping = []
    for path in (ROOT / "tests").rglob("*.py"):
        with path.open(encoding="utf-8") as lines:
            tokens = list(tokenize.generate_tokens(lines.readline))
        named = [t.string for t in tokens if t.type == tokenize.NAME]
        # A link has a method of this name; in a test it ends when the test says so.
        if any(name == "sleep" and before != "def" for before, name in pairwise(named)):
            sleeping.append(path.name)

    assert sleeping == []
