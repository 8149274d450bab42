import pytest

from service.archive.tokens import BELIEVED_MS, Grant, Grants, Scope, create_token, grant_of
from tests.conftest import Luot


def made(luot: Luot, site: str = "s1", scope: Scope = Scope.READ, name: str = "") -> str:
    return create_token(luot.runtime.database, site, scope, luot.clock.ms, name)


def test_a_token_grants_what_it_was_made_for(luot: Luot) -> None:
    token = made(luot, "s1", Scope.WRITE)

    assert grant_of(luot.runtime.database, token, luot.clock.ms) == Grant("s1", Scope.WRITE)


@pytest.mark.parametrize("token", ["", "luot_", "\ud800", "\0", "' OR 1=1--", "x" * 100_000])
def test_anything_else_grants_nothing(luot: Luot, token: str) -> None:
    made(luot)

    assert grant_of(luot.runtime.database, token, luot.clock.ms) is None


def test_a_token_is_not_its_hash_nor_a_part_of_it(luot: Luot) -> None:
    token = made(luot)

    for other in (token[:-1], token + "x", token.upper(), token.removeprefix("luot_")):
        assert grant_of(luot.runtime.database, other, luot.clock.ms) is None


def test_a_grant_is_for_its_site_or_for_all() -> None:
    assert Grant("s1", Scope.READ).is_for("s1")
    assert not Grant("s1", Scope.READ).is_for("s2")
    assert Grant("*", Scope.READ).is_for("s2")


@pytest.mark.parametrize(
    ("has", "needs", "covers"),
    [
        (Scope.READ, Scope.READ, True),
        (Scope.READ, Scope.WRITE, False),
        (Scope.READ, Scope.ADMIN, False),
        (Scope.WRITE, Scope.WRITE, True),
        (Scope.WRITE, Scope.READ, False),
        (Scope.ADMIN, Scope.READ, True),
        (Scope.ADMIN, Scope.WRITE, True),
        (Scope.ADMIN, Scope.ADMIN, True),
    ],
)
def test_writing_is_not_reading_and_an_administrator_does_both(
    has: Scope, needs: Scope, covers: bool
) -> None:
    assert has.covers(needs) is covers


def test_a_named_token_ends_when_its_name_is_given_again(luot: Luot) -> None:
    grants = Grants(luot.runtime.database, luot.clock)
    old = made(luot, name="cms")
    assert grants.of(old) == Grant("s1", Scope.READ)

    new = made(luot, scope=Scope.WRITE, name="cms")
    luot.clock.forward(BELIEVED_MS / 1000)

    assert grants.of(old) is None
    assert grants.of(new) == Grant("s1", Scope.WRITE)


def test_a_grant_is_believed_for_a_while_without_sql(luot: Luot) -> None:
    grants = Grants(luot.runtime.database, luot.clock)
    token = made(luot, name="cms")
    grants.of(token)
    made(luot, name="cms")

    luot.clock.forward(BELIEVED_MS / 1000 - 1)

    assert grants.of(token) == Grant("s1", Scope.READ)


def test_a_new_token_is_let_in_at_once(luot: Luot) -> None:
    grants = Grants(luot.runtime.database, luot.clock)
    assert grants.of("luot_unknown") is None

    assert grants.of(made(luot)) == Grant("s1", Scope.READ)


def test_a_token_that_has_ended_grants_nothing_also_when_it_was_seen_a_moment_ago(
    luot: Luot,
) -> None:
    now = luot.clock.ms
    token = create_token(luot.runtime.database, "s1", Scope.READ, now, "", now + 1_000)
    grants = Grants(luot.runtime.database, luot.clock)
    assert grants.of(token) == Grant("s1", Scope.READ)
    luot.clock.forward(1)

    assert grants.of(token) is None
    assert grant_of(luot.runtime.database, token, luot.clock.ms) is None
