"""Result files in Athena's own formats: CSV or text, and the metadata beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logctl.local.athena.types.sql_types import STRING, Type

Row = Sequence[str | None]


@dataclass(frozen=True)
class ResultColumn:
    name: str
    type: Type = STRING

    def info(self) -> dict[str, object]:
        """Return the column as ColumnInfo (Amazon Athena API Reference)."""
        precision, scale = self.type.precision_and_scale
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.type.label,
            "Precision": precision,
            "Scale": scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.type.name in ("string", "varchar", "char"),
        }


def csv_bytes(columns: Sequence[ResultColumn], rows: Iterable[Row]) -> bytes:
    """Return a result as CSV: every value is in quotes, and NULL is an empty field without quotes."""
    lines = [_line([column.name for column in columns]), *(_line(row) for row in rows)]
    return "".join(lines).encode("utf-8", "replace")


def _line(row: Row) -> str:
    return ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row) + "\n"


def text_bytes(rows: Iterable[Row]) -> bytes:
    """Return the result of a DDL or utility statement: lines, with tabs between the columns."""
    return "\n".join("\t".join(cell or "" for cell in row) for row in rows).encode()


def metadata_bytes(query_id: str, columns: Sequence[ResultColumn]) -> bytes:
    """Return the `.metadata` file of a result: a protocol buffer, as found in Athena's own files.

    Field 1 is the query's id, field 4 a column: 1 catalog, 4 name, 5 label, 6 type, 7 precision, 8 scale,
    9 nullable, 10 case-sensitive.
    """
    body = _field(1, query_id.encode())
    for column in columns:
        info = column.info()
        inner = _field(1, b"hive") + _field(4, column.name.encode()) + _field(5, column.name.encode())
        inner += _field(6, str(info["Type"]).encode())
        precision, scale = column.type.precision_and_scale
        if precision:
            inner += _number(7, precision)
        if scale:
            inner += _number(8, scale)
        inner += _number(9, 3)
        if info["CaseSensitive"]:
            inner += _number(10, 1)
        body += _field(4, inner)
    return body


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
