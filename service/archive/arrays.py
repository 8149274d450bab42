"""
Many rows in one statement of PostgreSQL: each column is an array.

A statement for each row would be parsed, planned and answered as often as there are rows, and
triggers would run as often.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, Integer, Select, Table, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY


def can_be_arrays(table: Table, rows: Sequence[dict[str, Any]]) -> bool:
    """
    Whether rows are numbers and days, and no two of them are one row.

    One statement adds to a row once; and texts would have to be quoted.
    """
    if not all(isinstance(table.c[name].type, (Integer, Date)) for name in rows[0]):
        return False
    keys = [column.name for column in table.primary_key.columns]
    return len({tuple([row[key] for key in keys]) for row in rows}) == len(rows)


def rows_of_arrays(table: Table, names: Sequence[str]) -> Select[Any]:
    """
    A question whose answer is the rows that its values hold, by their key.
    """
    # One text for a column: PostgreSQL reads it faster than the driver would write an array.
    arrays = [cast(bindparam(name, type_=Text), ARRAY(table.c[name].type)) for name in names]
    told = func.unnest(*arrays).table_valued(*names).render_derived(name="told")
    # In order they find their places in the table faster.
    keys = [told.c[column.name] for column in table.primary_key.columns]
    return select(*(told.c[name] for name in names)).order_by(*keys)


def arrays_of(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """
    The values of such a question.
    """
    return {name: f"{{{','.join([str(row[name]) for row in rows])}}}" for name in rows[0]}
