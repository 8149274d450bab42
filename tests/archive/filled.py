"""
Databases in which every table has rows, whatever tables there are.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Integer, Table, insert, select

from service.archive.databases import Database
from service.archive.tables import all_tables

#: The database makes these itself.
MADE = {"month_count", "total_count"}

#: Tables that have one row for a site, or one in all.
ONE_EACH, ONE = {"site", "purged_site"}, {"clock_mark"}

#: As long as a number may be that is shown without a loss.
LARGEST = 2**53 - 1

#: Every row of every table.
Rows = dict[str, list[tuple[Any, ...]]]


def fill(database: Database, *sites: str) -> None:
    """
    Each table has rows of each site: texts of any letters, early days, large and missing values.
    """
    with database.write() as connection:
        for site in sites:
            # What later tables point to.
            made: dict[str, Any] = {}
            for table in all_tables.sorted_tables:
                if table.name in MADE or (table.name in ONE and site != sites[0]):
                    continue
                for turn in (1,) if table.name in ONE_EACH | ONE else (1, 2):
                    row = _row(table, site, turn, made)
                    key = connection.execute(insert(table).values(row)).inserted_primary_key
                    made[table.name] = key[0] if key else None


def add_one_more(database: Database, table: Table) -> int:
    """
    The number of a new row in a table that numbers its rows itself.
    """
    made = {}
    with database.write() as connection:
        for key in table.foreign_keys:
            made[key.column.table.name] = connection.execute(select(key.column)).scalars().first()
        found = connection.execute(insert(table).values(_row(table, "new", 1, made)))
        assert found.inserted_primary_key is not None
        return int(found.inserted_primary_key[0])


def rows_in(database: Database) -> Rows:
    """
    Everything that the tables hold, in the order of their keys.
    """
    with database.read() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in all_tables.sorted_tables
        }


def numbers_itself(table: Table) -> bool:
    """
    Whether a new row gets a number from the database.
    """
    return "id" in table.c and table.name not in ONE


def _row(table: Table, site: str, turn: int, made: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {"id"} if numbers_itself(table) else set()
    return {
        column.name: _value(column, site, turn, made)
        for column in table.columns
        if column.name not in left_out
    }


def _value(column: Column[Any], site: str, turn: int, made: Mapping[str, Any]) -> Any:
    for key in column.foreign_keys:
        return made[key.column.table.name]
    if column.nullable and turn == 2:
        return None
    if isinstance(column.type, Date):
        return date(2026, 11, 23) if turn == 1 else date.min
    if isinstance(column.type, BigInteger):
        return LARGEST if turn == 1 else -7
    if isinstance(column.type, Integer):
        return turn
    is_name = column.name == "site" or str(column) == "site.name"
    text = f"{column.name} {turn} of {site}: Tựa 𝄞\n\t\"'\\{{}}\u2028"
    return site if is_name else text
