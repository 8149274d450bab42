"""
The rules of the protocol, each with what takes it away: a schedule that needs it fails then.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from service.archive import additions, confirming, restoring, schema
from service.archive.sites import site_row
from service.counting.journal import Journal
from service.counting.lanes import Lane
from service.counting.owners import Owner
from service.counting.phases import Gathering, gathering
from tests.stages import Stage

#: Takes a rule away until the patch is undone and the library is loaded again.
Ablation = Callable[[pytest.MonkeyPatch, Stage], None]


def lua(pattern: str, new: str) -> Ablation:
    """
    The library without something.
    """

    def change(_: pytest.MonkeyPatch, on: Stage) -> None:
        def changed(code: str) -> str:
            told, many = re.subn(pattern, new, code)
            assert many == 1, pattern
            return told

        on.load(changed)

    return change


async def _nothing(*_: Any) -> None:
    pass


def lanes_do_not_remember(patch: pytest.MonkeyPatch, _: Stage) -> None:
    patch.setattr(Lane, "_remember", _nothing)


def deltas_are_added_wherever_sql_stands(patch: pytest.MonkeyPatch, _: Stage) -> None:
    def move(connection: Any, row: Any, delta: Any) -> bool:
        here = update(schema.site).where(schema.site.c.id == row.id)
        connection.execute(here.values(head=delta.token, number=delta.number))
        return True

    patch.setattr(additions, "_move_head", move)


def a_restore_takes_no_new_epoch(patch: pytest.MonkeyPatch, _: Stage) -> None:
    def fence(database: Any, site: str) -> Any:
        with database.read() as connection:
            return site_row(connection, site)

    patch.setattr(restoring, "_fence", fence)


def whatever_redis_has_is_confirmed(patch: pytest.MonkeyPatch, _: Stage) -> None:
    class Everything(list[str]):
        def __contains__(self, _: object) -> bool:
            return True

    patch.setattr(confirming, "chain", lambda *_: Everything())


def segments_go_before_sql_has_them(patch: pytest.MonkeyPatch, _: Stage) -> None:
    real = Journal.trim
    patch.setattr(Journal, "trim", lambda j, _, now: real(j, dict.fromkeys(j.sites, 10**9), now))


def segments_go_before_their_day_is_closed(patch: pytest.MonkeyPatch, _: Stage) -> None:
    real = Journal.trim
    patch.setattr(Journal, "trim", lambda j, marks, _: real(j, marks, 10**15))


def nobody_is_waited_for(patch: pytest.MonkeyPatch, _: Stage) -> None:
    def nobody(*asked: Any) -> Gathering:
        now = gathering(*asked)
        # A phase that began long ago.
        return Gathering(now.phase, -(10**16), now.known, now.arrived)

    patch.setattr(confirming, "gathering", nobody)


def idle_lanes_do_not_look(patch: pytest.MonkeyPatch, _: Stage) -> None:
    patch.setattr(Owner, "_poll", _nothing)


def producers_are_not_registered(patch: pytest.MonkeyPatch, _: Stage) -> None:
    patch.setattr(Owner, "_register", _nothing)


RULES = {
    "lanes do not remember": lanes_do_not_remember,
    "deltas are added wherever SQL stands": deltas_are_added_wherever_sql_stands,
    "a restore takes no new epoch": a_restore_takes_no_new_epoch,
    "whatever Redis has is confirmed": whatever_redis_has_is_confirmed,
    "segments go before SQL has them": segments_go_before_sql_has_them,
    "segments go before their day is closed": segments_go_before_their_day_is_closed,
    "nobody is waited for": nobody_is_waited_for,
    "idle lanes do not look": idle_lanes_do_not_look,
    "producers are not registered": producers_are_not_registered,
    "a gap is not refused": lua(r"if seq > \w+\.last \+ 1 then return [^\n]*\n", "\n"),
    "a repeat is not refused": lua(r"if seq <= \w+\.last then return [^\n]*\n", "\n"),
    "a server is not confirmed": lua(
        r"if state\.server ~= server\(\) then\n(?=    return \S+\('LUOTSERVER this server is n)",
        "if false then\n",
    ),
    "begin takes any epoch": lua(r"if tonumber\(args\[1\]\) <= known then", "if false then"),
    "steps of a restore take any epoch": lua(r"if state\.restoring ~= epoch then", "if false then"),
    "counting takes any epoch": lua(r"if state\.epoch ~= epoch then", "if false then"),
    "numbers are read in any phase": lua(
        r"local OPEN = \{open = true\}", "local OPEN = {remember=true,count=true,open=true}"
    ),
}
