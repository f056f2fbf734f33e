"""The ways to change the catalog, apart from `repair`, because the command line names them in its help."""

from __future__ import annotations

from enum import StrEnum


class Via(StrEnum):
    """The way to change the catalog: Glue's batch API, ALTER TABLE or MSCK REPAIR TABLE in Athena."""

    GLUE = "glue"
    DDL = "ddl"
    MSCK = "msck"
