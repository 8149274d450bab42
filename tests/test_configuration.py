import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from service.configuration import load
from service.errors import SettingsError
from service.settings import Settings, SiteSettings

PROJECT = Path(__file__).parents[1]

#: One setting of the example, with or without the # in front, and with its value.
EXAMPLE_LINE = re.compile(r"(?:# )?([a-z_]+) = ")


@pytest.fixture(autouse=True)
def _nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("LUOT_")]:
        monkeypatch.delenv(name)


def a_file(text: str, name: str = "told.toml") -> Path:
    Path(name).write_text(text, encoding="utf-8")
    return Path(name)


def mistakes(file: Path | None = None, **flags: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(file, flags)
    return caught.value.mistakes


def test_without_anything_the_defaults_are_in_force() -> None:
    assert Settings() == load()


def test_flags_win_over_variables_and_these_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_file("workers = 3\nthreads = 3\nsnapshot_seconds = 3")
    monkeypatch.setenv("LUOT_WORKERS", "4")
    monkeypatch.setenv("LUOT_THREADS", "4")

    found = load(file, {"workers": 5})

    assert (
        found.workers,
        found.threads,
        found.snapshot_seconds,
        found.online_minutes,
    ) == (5, 4, 3, 5)


def test_the_file_is_the_named_one_else_that_of_the_variable_else_the_usual(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_file("workers = 3", "luot.toml")
    assert load().workers == 3

    monkeypatch.setenv("LUOT_CONFIG", str(a_file("workers = 4", "other.toml")))
    assert load().workers == 4
    assert load(a_file("workers = 5", "named.toml")).workers == 5


def test_a_variable_reaches_into_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_file('[sites.portal]\nname = "Old"\nhosts = ["a.example"]\nlocale = "vi"')
    monkeypatch.setenv("LUOT_SITES__PORTAL__NAME", "New")
    monkeypatch.setenv("LUOT_SITES__PORTAL__HOSTS", "b.example,c.example")
    monkeypatch.setenv("LUOT_SITES__PORTAL__RESPECT_DNT", "false")

    site = load(file).sites["portal"]

    assert (site.name, site.hosts) == ("New", ("b.example", "c.example"))
    assert (site.locale, site.respect_dnt) == ("vi", False)


def test_a_site_may_be_told_by_variables_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUOT_SITES", json.dumps({"a": {"name": "A", "hosts": ["a.example"]}}))
    monkeypatch.setenv("LUOT_SITES__A__FLOOR", "7")
    monkeypatch.setenv("LUOT_SITES__MY-SITE__NAME", "123")
    monkeypatch.setenv("LUOT_SITES__MY-SITE__HOSTS", '["b.example"]')

    sites = load().sites

    assert (sites["a"].name, sites["a"].floor, sites["my-site"].name) == ("A", 7, "123")


def test_a_list_in_a_variable_is_words_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUOT_PUBLIC_HOSTS", "stats.example,stats2.example")
    monkeypatch.setenv("LUOT_UNSAFE", "any_host")

    found = load()

    assert found.public_hosts == ("stats.example", "stats2.example")
    assert found.unsafe == ("any_host",)


def test_a_variable_that_is_set_and_empty_is_an_empty_text(monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_file('redis_url = "redis://elsewhere"\npublic_hosts = ["a.example"]')
    monkeypatch.setenv("LUOT_REDIS_URL", "")
    monkeypatch.setenv("LUOT_PUBLIC_HOSTS", "")

    found = load(file)

    assert (found.redis_url, found.public_hosts) == ("", ())


def test_all_mistakes_are_told_at_once_each_beginning_with_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = a_file(
        """
        trusted_proxyes = 1
        durability = "waitaof"
        [sites.a]
        name = ""
        hosts = ["*.com"]
        zone = "UTC"
        """
    )
    monkeypatch.setenv("LUOT_WORKERS", "many")
    monkeypatch.setenv("LUOT_NONSENSE", "1")

    keys = [sentence.partition(": ")[0] for sentence in mistakes(file)]

    assert sorted(keys) == [
        "LUOT_NONSENSE",
        "durability",
        "sites.a.hosts.0",
        "sites.a.name",
        "sites.a.zone",
        "trusted_proxyes",
        "workers",
    ]


def test_an_unreadable_file_does_not_hide_an_unknown_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LUOT_NONSENSE", "1")

    assert [sentence.partition(": ")[0] for sentence in mistakes(a_file("a = "))] == [
        "LUOT_NONSENSE",
        "told.toml",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "trusted_proxyes = 1",
            "trusted_proxyes: there is no such setting; did you mean trusted_proxies?",
        ),
        (
            '[sites.a]\nname = "A"\nhosts = ["a.example"]\ntimezon = "UTC"',
            "sites.a.timezon: there is no such setting; did you mean timezone?",
        ),
        ('[sites.a]\nhosts = ["a.example"]', "sites.a.name: has to be given"),
        (
            '[sites.A]\nname = "A"\nhosts = ["a.example"]',
            "sites.A: a site's id has 1 to 63 characters of a-z, 0-9 and -, and no - in front",
        ),
        (
            '[sites.a]\nname = "A"\nhosts = ["a.vn"]\n[sites.b]\nname = "B"\nhosts = ["a.vn"]',
            "sites.b.hosts: a has the same host a.vn",
        ),
    ],
)
def test_a_mistake_says_what_to_do(text: str, sentence: str) -> None:
    assert [sentence] == mistakes(a_file(text))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("LUOT_WORKER", "LUOT_WORKER: there is no such variable; did you mean LUOT_WORKERS?"),
        ("Luot_Worker", "Luot_Worker: there is no such variable; did you mean LUOT_WORKERS?"),
        ("LUOT_", "LUOT_: there is no such variable"),
        ("LUOT_WORKERS__X", "workers: Input should be a valid integer"),
    ],
)
def test_an_unknown_variable_is_never_passed_over(
    monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    monkeypatch.setenv(name, "3")

    assert [sentence] == mistakes()


def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUOTUO", "1")
    monkeypatch.setenv("LUOT_TEST_DATA", "1")

    assert Settings() == load()


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"workers = 2\nworkers = 3", "is not valid TOML"),
        (b"[sites.a]\n[sites.a]", "is not valid TOML"),
        (b"workers = ", "is not valid TOML"),
        (b"workers = 2 # \xff", "is not UTF-8, at byte 14"),
        (b"a = " + 100_000 * b"[", "is nested too deep"),
        (b"#" * 1_048_577, "is larger than 1 MiB"),
    ],
)
def test_a_file_that_is_no_settings_file_is_named(raw: bytes, sentence: str) -> None:
    Path("told.toml").write_bytes(raw)

    [said] = mistakes(Path("told.toml"))

    assert said.startswith(f"told.toml: {sentence}")


@pytest.mark.parametrize("name", ["missing.toml", ".", "/dev/zero"])
def test_a_file_that_is_none_is_named(name: str) -> None:
    assert [f"{name}: there is no such file"] == mistakes(Path(name))


def test_a_byte_order_mark_is_passed_over() -> None:
    Path("told.toml").write_bytes(b"\xef\xbb\xbfworkers = 3")

    assert load(Path("told.toml")).workers == 3


def test_no_mistake_repeats_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"LUOT_{name.upper()}", "hunter2\0"[:-1] + " @#:[")

    assert "hunter2" not in str(mistakes(data_dir=""))


def test_the_example_names_every_setting() -> None:
    lines = (PROJECT / "config" / "luot.toml").read_text(encoding="utf-8").splitlines()
    top = lines.index("[sites.portal]")

    assert named(lines[:top]) | {"sites"} == set(Settings.model_fields)
    assert named(lines[top:]) == set(SiteSettings.model_fields)


def named(lines: list[str]) -> set[str]:
    return {match[1] for line in lines if (match := EXAMPLE_LINE.match(line))}


def test_the_example_loads_and_shows_the_defaults() -> None:
    text = (PROJECT / "config" / "luot.toml").read_text(encoding="utf-8")
    lines = [
        line.removeprefix("# ") if EXAMPLE_LINE.match(line) else line for line in text.split("\n")
    ]
    shown = tomllib.loads("\n".join(lines))

    assert list(load(PROJECT / "config" / "luot.toml").sites) == ["portal"]
    assert Settings(**{key: value for key, value in shown.items() if key != "sites"}) == Settings()
    [site] = shown["sites"].values()
    plain = SiteSettings(name=site["name"], hosts=site["hosts"])
    own = {"name", "hosts", "timezone", "locale"}
    assert SiteSettings(**site).model_dump(exclude=own) == plain.model_dump(exclude=own)


@pytest.mark.parametrize(
    ("prefix", "fields"),
    [("LUOT_", Settings.model_fields), ("LUOT_SITES__S__", SiteSettings.model_fields)],
)
def test_the_page_of_settings_has_a_row_for_each(prefix: str, fields: dict[str, FieldInfo]) -> None:
    page = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8").splitlines()

    for name, field in fields.items():
        if name == "sites":
            continue
        default = "to be given" if field.is_required() else f"`{written(field.default)}`"
        variable = f"{prefix}{name.upper()}"
        assert f"| `{name}` | {default} | {field.description} | `{variable}` |" in page


def written(value: object) -> str:
    """
    A default as TOML writes it.
    """
    if isinstance(value, tuple):
        return f"[{', '.join(written(part) for part in value)}]"
    if isinstance(value, bool | int):
        return json.dumps(value)
    return json.dumps("" if value is None else str(value))
