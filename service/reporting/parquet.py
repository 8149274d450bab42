"""
Tables as Parquet, where what writes it is installed.
"""

from datetime import date, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import IO, Any

from service.errors import Reason, Rejected
from service.reporting.formats import Table, parts_of

#: Rows of a group, which is kept in memory until it is written.
ROWS_OF_GROUP = 50_000


def has_parquet() -> bool:
    """
    Whether what writes Parquet is installed.
    """
    return find_spec("pyarrow") is not None


def write_parquet(table: Table, file: IO[bytes]) -> None:
    """
    The table is in the file as Parquet.

    :raises Rejected: type, when what writes it is not installed
    """
    if not has_parquet():
        raise Rejected(Reason.TYPE, "format", 406)
    # Large and optional, so it is not imported with the others.
    arrow, writers = import_module("pyarrow"), import_module("pyarrow.parquet")
    groups = parts_of([], table.rows, ROWS_OF_GROUP)
    first = next(groups, [])
    columns = list(zip(*first, strict=True)) or [()] * len(table.columns)
    named = zip(table.columns, columns, strict=True)
    schema = arrow.schema([(name, _kind(arrow, column)) for name, column in named])
    with writers.ParquetWriter(file, schema) as writer:
        while first:
            arrays = [
                arrow.array(column, field.type)
                for column, field in zip(zip(*first, strict=True), schema, strict=True)
            ]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
            first = next(groups, [])


def _kind(arrow: Any, column: tuple[Any, ...]) -> Any:
    """
    The type of a column, by its first value; one that has none so far is text.
    """
    kinds = {
        int: arrow.int64(),
        float: arrow.float64(),
        bool: arrow.bool_(),
        date: arrow.date32(),
        datetime: arrow.timestamp("ms", "UTC"),
    }
    known = next((value for value in column if value is not None), "")
    return kinds.get(type(known), arrow.string())
