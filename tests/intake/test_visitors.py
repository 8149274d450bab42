import re

from service.intake.visitors import (
    SALT_BYTES,
    VISITOR_LENGTH,
    id_digest,
    page_digest,
    visitor,
)

SALT, OTHER = bytes(SALT_BYTES), bytes([1] * SALT_BYTES)
HOME = b"\xcb\x00\x71\x07"


def test_a_visitor_is_short_text_that_stays_the_same() -> None:
    one = visitor(SALT, "s1", HOME, "Mozilla/5.0")

    assert re.fullmatch(r"[A-Za-z0-9_-]+", one)
    assert (len(one), visitor(SALT, "s1", HOME, "Mozilla/5.0")) == (VISITOR_LENGTH, one)


def test_another_salt_site_network_or_browser_is_another_visitor() -> None:
    everybody = {
        visitor(SALT, "s1", HOME, "a"),
        visitor(OTHER, "s1", HOME, "a"),
        visitor(SALT, "s2", HOME, "a"),
        visitor(SALT, "s1", HOME[:3] + b"\x08", "a"),
        visitor(SALT, "s1", b"", "a"),
        visitor(SALT, "s1", HOME, "b"),
        visitor(SALT, "s1", HOME, ""),
    }

    assert len(everybody) == 7


def test_parts_cannot_be_shifted_into_each_other() -> None:
    assert visitor(SALT, "s1", b"", "a") != visitor(SALT, "s", b"", "1a")
    assert visitor(SALT, "s1", b"\0", "a") != visitor(SALT, "s1", b"", "\0a")


def test_of_a_long_user_agent_the_first_512_bytes_tell() -> None:
    front = "é" * 256

    assert visitor(SALT, "s1", HOME, front) == visitor(SALT, "s1", HOME, front + "x")
    assert visitor(SALT, "s1", HOME, "\ud800")


def test_digests_are_short_and_of_their_text_alone() -> None:
    assert (len(page_digest("/a")), len(id_digest("x"))) == (8, 16)
    assert page_digest("/a") != page_digest("/b")
    assert id_digest("x") == id_digest("x")
