"""The properties of CREATE TABLE AS and the options of UNLOAD: formats, compression, partitions, location."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.storage.glue_catalog import JSON, PARQUET, TEXT, Format, Table

_CTAS_PROPERTIES = {
    "format", "write_compression", "parquet_compression", "orc_compression", "compression_level",
    "partitioned_by", "external_location", "field_delimiter", "bucketed_by", "bucket_count", "is_external",
    "table_type", "location",
}  # fmt: skip
_UNLOAD_OPTIONS = {"format", "compression", "compression_level", "partitioned_by", "field_delimiter"}
_CODECS = {
    "parquet": {
        "GZIP": "gzip", "SNAPPY": "snappy", "ZSTD": "zstd", "LZ4": "lz4_raw",
        "NONE": "uncompressed", "UNCOMPRESSED": "uncompressed",
    },
    "text": {"GZIP": "gzip", "ZSTD": "zstd", "NONE": "none", "UNCOMPRESSED": "none"},
}  # fmt: skip
"""DuckDB's names of the compressions, by family of formats."""


def ctas_properties(tree: exp.Expr) -> dict[str, Any]:
    """Return the properties in WITH, by name in lowercase: text, or a list of texts.

    Raises:
        QueryError: there is no such property.
    """
    found: dict[str, Any] = {}
    listed = tree.args.get("properties")
    for item in listed.expressions if listed is not None else ():
        # sqlglot has classes of their own for some properties.
        match item:
            case exp.FileFormatProperty():
                found["format"] = _plain(item.this)
            case exp.PartitionedByProperty():
                found["partitioned_by"] = _plain(item.this)
            case exp.LocationProperty():
                found["external_location"] = _plain(item.this)
            case exp.Property() if type(item) is exp.Property:
                found[item.name.lower()] = _plain(item.args["value"])
    unknown = set(found) - _CTAS_PROPERTIES
    if unknown:
        raise QueryError(
            f"INVALID_TABLE_PROPERTY: Catalog 'awsdatacatalog' table property '{min(unknown)}' does not exist"
        )
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, exp.Array | exp.Tuple | exp.Schema):
        return [_plain(item) for item in value.expressions]
    if isinstance(value, exp.Literal):
        return value.this
    return value.name if isinstance(value, exp.Expr) else value


def with_no_data(tree: exp.Expr) -> bool:
    """Return whether a CREATE TABLE AS ends in WITH NO DATA."""
    listed = tree.args.get("properties")
    return any(
        isinstance(item, exp.WithDataProperty) and item.args.get("no")
        for item in (listed.expressions if listed is not None else ())
    )


def unload_options(text: str) -> dict[str, Any]:
    """Return the options of UNLOAD by name: `format = 'PARQUET', partitioned_by = ARRAY['a', 'b']`."""
    found: dict[str, Any] = {}
    for name, array, value in re.findall(
        r"(\w+)\s*=\s*(?:ARRAY\s*\[([^\]]*)\]|'([^']*)'|\d+)", text, re.IGNORECASE
    ):
        found[name.lower()] = re.findall(r"'([^']*)'", array) if array else value
    return found


def check_unload_options(options: Mapping[str, Any]) -> None:
    """Check that there is a format, and no option that UNLOAD does not have."""
    if set(options) - _UNLOAD_OPTIONS or "format" not in options:
        raise QueryError(f"INVALID_TABLE_PROPERTY: UNLOAD takes {', '.join(sorted(_UNLOAD_OPTIONS))}")


def partition_keys(properties: Mapping[str, Any]) -> list[str]:
    return [str(key).lower() for key in properties.get("partitioned_by") or ()]


def format_of(properties: Mapping[str, Any]) -> Format:
    """Return the format of CTAS or UNLOAD, Parquet by default (Amazon Athena User Guide, CREATE TABLE AS).

    Raises:
        QueryError: there is no such format.
        NotSupported: the sandbox cannot write it.
    """
    name = str(properties.get("format", "PARQUET")).upper()
    if name == "PARQUET":
        return PARQUET
    if name == "JSON":
        return JSON
    if name == "TEXTFILE":
        delimiter = str(properties.get("field_delimiter", "\x01"))
        return Format(
            TEXT.serde, TEXT.input, TEXT.output, {"field.delim": delimiter, "serialization.format": delimiter}
        )
    if name in ("ORC", "AVRO", "ION"):
        raise NotSupported(f"The format {name}")
    raise QueryError(f"INVALID_TABLE_PROPERTY: Invalid format {name}")


def codec_of(form: Format, chosen: Any) -> str:
    """Return DuckDB's name of a compression, GZIP by default (Amazon Athena User Guide, Use compression).

    Raises:
        QueryError: the format does not have it.
    """
    family = "parquet" if form.kind == "parquet" else "text"
    codec = _CODECS[family].get(str(chosen or "GZIP").upper())
    if codec is None:
        raise QueryError(f"INVALID_TABLE_PROPERTY: compression {chosen} is not supported for this format")
    return codec


def table_codec(table: Table) -> str:
    """Return the compression that INSERT uses: the one in the table's properties."""
    properties = {key.lower(): value for key, value in table.parameters.items()}
    names = ("write.compression", "write_compression", "parquet.compression", "parquet.compress")
    return codec_of(table.format, next((properties[name] for name in names if properties.get(name)), None))
