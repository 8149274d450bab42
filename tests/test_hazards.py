"""
What the code must not contain, because a stranger's text would reach it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SERVICE = Path(__file__).parents[1] / "service"

#: Statements that are made of names which stand in the code, and nowhere else.
OF_OWN_NAMES = {"archive/schema.py", "reporting/top_pages.py"}

#: What makes SQL of a text.
STATEMENTS = {"text", "literal_column", "exec_driver_sql", "TextClause", "column_of_text"}

#: What runs what it is given, or makes objects of a stranger's choice.
RUNNING = {"eval", "exec", "compile", "__import__"}
LOADING = {"pickle", "marshal", "shelve", "yaml", "dill", "jsonpickle"}

#: What reads XML, which may name files and hosts; writing it is harmless.
READING_XML = {"fromstring", "iterparse", "XMLParser", "parseString"}

#: What opens connections to any host.
CALLING = {"http.client", "urllib.request", "requests", "httpx", "aiohttp", "urllib3"}
CALLING |= {"smtplib", "ftplib", "xmlrpc", "telnetlib"}
CONNECTING = {"create_connection", "open_connection", "urlopen", "gethostbyname"}

#: ``luot doctor`` asks the address that its operator names.
MAY_CALL = {"jobs/following.py"}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for file in sorted(SERVICE.rglob("*.py")):
        if "migrations" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            yield str(file.relative_to(SERVICE)), node


def called(node: ast.Call) -> str:
    """
    The last word of what is called.
    """
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def is_constant(node: ast.expr) -> bool:
    """
    Whether a text is one of those that stand in the code.
    """
    if isinstance(node, ast.IfExp):
        return is_constant(node.body) and is_constant(node.orelse)
    return isinstance(node, ast.Constant)


def test_no_statement_is_put_together_from_texts() -> None:
    found = {
        file
        for file, node in nodes()
        if isinstance(node, ast.Call)
        and called(node) in STATEMENTS
        and file.startswith(("archive/", "reporting/"))
        and any(not is_constant(told) for told in node.args)
        and not (isinstance(node.func, ast.Attribute) and node.func.attr == "text")
    }

    assert found == OF_OWN_NAMES


def test_no_lua_is_made_while_it_runs() -> None:
    lua = {file: file.read_text(encoding="utf-8") for file in SERVICE.rglob("*.lua")}
    made = [
        file.name
        for file, told in lua.items()
        if re.search(r"\b(loadstring|dofile|loadfile|setfenv|require)\b", told)
        or re.search(
            r"redis\.p?call\((?!['\"][A-Za-z]+['\"]|command, key, unpack\()",
            re.sub(r"--.*", "", told),
        )
    ]
    sent = {
        (file, called(node))
        for file, node in nodes()
        if isinstance(node, ast.Call)
        and called(node) in {"eval", "evalsha", "register_script", "script_load"}
    }

    assert lua
    assert made == []
    assert sent == set()


def test_nothing_that_is_read_is_run() -> None:
    found = set()
    for file, node in nodes():
        if {name.partition(".")[0] for name in imported(node)} & LOADING:
            found.add((file, "import"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {(file, node.func.id)} if node.func.id in RUNNING else set()
        if isinstance(node, ast.Call) and called(node) in READING_XML:
            found.add((file, "xml"))
        if isinstance(node, ast.keyword) and node.arg == "shell":
            found.add((file, "shell"))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.system", "os.popen"}:
            found.add((file, "shell"))

    assert found == set()


def test_those_who_may_call_others_are_known() -> None:
    found = {
        file
        for file, node in nodes()
        if imported(node) & CALLING or (isinstance(node, ast.Call) and called(node) in CONNECTING)
    }

    assert found == MAY_CALL
