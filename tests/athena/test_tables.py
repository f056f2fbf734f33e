"""The engine's tables are complete: what one of them names exists where it is looked up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from logctl.local.athena.server.connections import Connections
from logctl.local.athena.statements.catalog_statements import DEFINITIONS
from logctl.local.athena.storage.metered_files import Files
from logctl.local.athena.syntax.hive_statements import Statement
from logctl.local.athena.translation.function_table import FUNCTIONS
from logctl.local.athena.translation.macros import MACROS
from logctl.local.athena.types import function_signatures as signatures

IN_DUCKDBS_GRAMMAR = {"coalesce", "grouping", "nullif", "try"}
ENGINE = Path(__file__).parents[2] / "logctl" / "local" / "athena"


def test_every_translation_is_a_function_of_duckdb_or_a_macro():
    connections = Connections(Files())
    listed = connections.open().execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    connections.close()
    named = {translation for translation in FUNCTIONS.values() if isinstance(translation, str)}
    assert named - {name for (name,) in listed} - IN_DUCKDBS_GRAMMAR == set()


def test_every_macro_is_used():
    source = "".join(path.read_text("utf-8") for path in (ENGINE / "translation").glob("*.py"))
    by_path = {"trino_json_extract", "trino_json_extract_scalar", "trino_json_size"}
    assert {name for name in MACROS if len(re.findall(rf"\b{name}\b", source)) < 2} == by_path


def test_no_function_is_both_translated_and_unsupported():
    assert set(FUNCTIONS) & signatures.UNSUPPORTED == set()


def test_every_ddl_statement_can_be_carried_out():
    assert set(DEFINITIONS) == set(get_args(Statement))
