"""DuckDB's errors in Athena's words, so that people read what they would read on AWS."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"'),
        lambda m: (
            f"COLUMN_NOT_FOUND: line 1:1: Column '{m[1] or m[2]}' cannot be resolved or requester is not "
            "authorized to access requested resources"
        ),
    ),
    (
        re.compile(r'Malformed JSON in file "([^"]*)"[^.]*line (\d+): ([^.]*)'),
        lambda m: (
            "HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: "
            f"{m[3].strip()} (line {m[2]} of {_real_path(m[1])})"
        ),
    ),
    (
        re.compile(r"Failure in decode|invalid UTF8|The initial value type must be the same"),
        lambda m: "NOT_SUPPORTED: this use of the function is not supported by the sandbox's Athena",
    ),
    (
        re.compile(r"CSV Error on Line"),
        lambda m: (
            "NOT_SUPPORTED: Delimited text that DuckDB cannot read, for example with line breaks in quotes, "
            "is not supported by the sandbox's Athena"
        ),
    ),
    (
        re.compile(r"Map keys must be unique"),
        lambda m: "INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed",
    ),
    (
        re.compile(r"More than one row returned by a subquery"),
        lambda m: "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
    ),
    (
        re.compile(r"out of range for the destination type|Overflow in|overflow", re.IGNORECASE),
        lambda m: "NUMERIC_VALUE_OUT_OF_RANGE: the result is out of range for its type",
    ),
    (
        re.compile(r"invalid perl operator|invalid escape sequence"),
        lambda m: (
            "NOT_SUPPORTED: A regular expression that RE2 does not have is not supported by the sandbox"
        ),
    ),
    (
        re.compile(
            r"missing [)\]]|unexpected [)]|no argument for repetition|invalid (?:character|repetition)"
        ),
        lambda m: "INVALID_FUNCTION_ARGUMENT: the regular expression cannot be read",
    ),
    (
        re.compile(r"Insufficient padding"),
        lambda m: "INVALID_FUNCTION_ARGUMENT: Padding string must not be empty",
    ),
    (
        re.compile(r"Ambiguous reference to column name \"([^\"]+)\""),
        lambda m: f"AMBIGUOUS_NAME: line 1:1: Column '{m[1]}' is ambiguous",
    ),
    (
        re.compile(r"must appear in the GROUP BY clause"),
        lambda m: (
            "EXPRESSION_NOT_AGGREGATE: line 1:1: an expression must be an aggregate expression or appear in "
            "GROUP BY clause"
        ),
    ),
    (
        re.compile(
            r"(?:Could not convert string|Could not convert|invalid \w+ field format|Conversion Error: )(.*)"
        ),
        lambda m: f"INVALID_CAST_ARGUMENT: Cannot cast value: {m[1].strip(': ')}",
    ),
    (
        re.compile(r"[Dd]ivision by zero"),
        lambda m: "DIVISION_BY_ZERO: Division by zero",
    ),
    (
        re.compile(r"[Cc]annot compare values of type (\S+) and type (\S+)"),
        lambda m: f"TYPE_MISMATCH: line 1:1: Cannot apply operator: {m[1].lower()} = {m[2].lower()}",
    ),
    (
        re.compile(r"No function matches the given name and argument types '([^']+)'"),
        lambda m: f"FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters for function {m[1]}",
    ),
    (
        re.compile(r"(?:Scalar|Aggregate|Table|Macro) Function with name (\S+) does not exist"),
        lambda m: f"FUNCTION_NOT_FOUND: line 1:1: Function '{m[1]}' not registered",
    ),
    (
        re.compile(r"Parser Error: (.*)"),
        lambda m: f"SYNTAX_ERROR: line 1:1: {m[1]}",
    ),
    (
        re.compile(r"Binder Error: (.*)"),
        lambda m: f"TYPE_MISMATCH: line 1:1: {m[1]}",
    ),
    (
        re.compile(r"Out of Range Error: (.*)"),
        lambda m: f"NUMERIC_VALUE_OUT_OF_RANGE: {m[1]}",
    ),
)
# The macro `trino_check` fails with a CAST of its message.
_FAILED_CHECK = re.compile(r"Could not convert string ['\"](.*?)['\"] to INT32", re.DOTALL)
_CODE = re.compile(r"\b([A-Z][A-Z_]{5,}: .*)", re.DOTALL)


def in_athenas_form(problem: Exception) -> str:
    """Return an error as one line in Athena's form: a code in capitals, and what is wrong."""
    text = str(problem)
    first = text.split("\n\n")[0].strip()
    # The engine's own macros fail with a message in Athena's form.
    if (own := _FAILED_CHECK.search(first)) and _CODE.match(own[1]):
        return " ".join(own[1].split())
    if own := _CODE.search(first):
        return " ".join(own[1].split("\n")[0].split())
    for pattern, say in _PATTERNS:
        if found := pattern.search(first):
            return " ".join(say(found).split())
    return "GENERIC_INTERNAL_ERROR: " + " ".join(first.split("\n")[0].split())


def _real_path(path: str) -> str:
    return unquote(path.rpartition("/")[2])
