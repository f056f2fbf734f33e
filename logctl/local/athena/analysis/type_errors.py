"""Type errors, with the text of Trino's messages."""

from __future__ import annotations

from logctl.local.athena.analysis.annotations import Known
from logctl.local.athena.query_errors import QueryError


def mismatch(text: str) -> QueryError:
    return QueryError(f"TYPE_MISMATCH: line 1:1: {text}")


def shown(kind: Known) -> str:
    """Return a type as error messages write it."""
    return kind.athena if kind is not None else "unknown"
