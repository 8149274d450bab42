import fcntl
import socket
from collections.abc import Iterator

import pytest

from tests.commands.conftest import SITE, Terminal

STAR = '[sites.s2]\nname = "Everybody"\nhosts = ["*"]\n'


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def refused(terminal: Terminal, *words: object) -> list[str]:
    """
    Why Luot does not start.
    """
    told = terminal.run(*words)
    assert (told.exit_code, told.stdout) == (2, "")
    return [line.removeprefix("luot: ") for line in told.stderr.splitlines()]


@pytest.mark.parametrize("command", ["serve", "web"])
@pytest.mark.parametrize("port", ["0", "70000", "-1", "abc", "", "1e3"])
def test_a_port_that_is_none_ends_with_2(terminal: Terminal, command: str, port: str) -> None:
    assert "--port" in refused(terminal, command, "--port", port)[-1]


def test_a_port_that_somebody_has_ends_with_2(terminal: Terminal, taken_port: int) -> None:
    what = f"127.0.0.1:{taken_port} cannot be used: Address already in use"

    assert refused(terminal, "serve", "--port", taken_port) == [
        f"--port: {what}; name another, such as --port 8001"
    ]


@pytest.mark.parametrize("host", ["999.1.1.1", "a..b", "host.invalid", "x" * 300, "a b"])
def test_a_host_that_is_none_ends_with_2(terminal: Terminal, host: str) -> None:
    [sentence] = refused(terminal, "serve", "--host", host)

    assert sentence.startswith(("--port: ", "--host: "))


@pytest.mark.parametrize("command", ["serve", "web"])
def test_unsafe_trust_is_refused_by_name_all_at_once(terminal: Terminal, command: str) -> None:
    terminal.write("trusted_proxies = 6\ndemo = true", sites=SITE + STAR)

    sentences = refused(terminal, command, "--host", "0.0.0.0")

    assert [sentence.partition(":")[0] for sentence in sentences] == [
        "sites.s2.hosts",
        "trusted_proxies",
        "demo",
    ]
    assert 'unsafe = ["any_host"]' in sentences[0]
    assert 'unsafe = ["many_proxies"]' in sentences[1]


def test_unsafe_trust_is_taken_when_it_is_told_by_name(terminal: Terminal, taken_port: int) -> None:
    unsafe = 'unsafe = ["any_host", "many_proxies"]\ntrusted_proxies = 6'
    terminal.write(unsafe, sites=SITE + STAR)

    # The next thing that it looks at.
    [sentence] = refused(terminal, "serve", "--port", taken_port)
    assert sentence.startswith("--port: ")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "luot.example", ""])
def test_the_demo_is_for_this_machine_only(terminal: Terminal, host: str) -> None:
    terminal.write("demo = true")

    [sentence] = refused(terminal, "serve", "--host", host)
    assert sentence.startswith("demo: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_five_proxies_and_a_demo_on_this_machine_are_usual(
    terminal: Terminal, taken_port: int, host: str
) -> None:
    terminal.write("demo = true\ntrusted_proxies = 5")

    [sentence] = refused(terminal, "serve", "--host", host, "--port", taken_port)
    assert sentence.startswith("--port: ")


def test_a_data_directory_has_one_luot(terminal: Terminal) -> None:
    with (terminal.data / "luot.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert refused(terminal, "serve", "--port", free_port()) == [
            f"data_dir: another Luot runs in {terminal.data}"
        ]


@pytest.mark.parametrize("folder", ["/proc/luot", "/dev/null"])
@pytest.mark.parametrize("command", ["serve", "web"])
def test_a_data_directory_that_cannot_be_written_ends_with_2(
    terminal: Terminal, command: str, folder: str
) -> None:
    words = [command, "--port", free_port(), "--data", folder]

    [sentence] = refused(terminal, *words)
    assert sentence.startswith(f"data_dir: {folder} cannot be ")


def free_port() -> int:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port: int = other.getsockname()[1]
        return port


def test_a_redis_that_is_away_ends_with_1_and_without_its_password(terminal: Terminal) -> None:
    variables = {"LUOT_REDIS_URL": "redis://luot:hunter2@127.0.0.1:1/0"}
    told = terminal.start("serve", "--port", str(free_port()), variables=variables)

    assert (told.returncode, told.stdout) == (1, "")
    sentence = "luot: Redis: ConnectionError (start it, or correct redis_url)"
    assert told.stderr.splitlines()[-1] == sentence
    assert "hunter2" not in told.stderr
