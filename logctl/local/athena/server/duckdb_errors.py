"""Translation of DuckDB's errors into the messages that Athena gives on AWS."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

_ERRORS: tuple[tuple[str, str | Callable[..., str]], ...] = (
    (
        r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"',
        "COLUMN_NOT_FOUND: line 1:1: Column '{0}' cannot be resolved or requester is not authorized to "
        "access requested resources",
    ),
    (
        r'Malformed JSON in file "[^"]*?([^"/]*)"[^.]*line (\d+): ([^.]*)',
        lambda file, line, what: (
            f"HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: {what} (line {line} of "
            f"{unquote(file)})"
        ),
    ),
    (
        r"Failure in decode|invalid UTF8|The initial value type must be the same",
        "NOT_SUPPORTED: this use of the function is not supported by the sandbox's Athena",
    ),
    (
        r"CSV Error on Line",
        "NOT_SUPPORTED: Delimited text that DuckDB cannot read, for example with line breaks in quotes, is "
        "not supported by the sandbox's Athena",
    ),
    (r"Map keys must be unique", "INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed"),
    (
        r"More than one row returned by a subquery",
        "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
    ),
    (
        r"out of range for the destination type|[Oo]verflow",
        "NUMERIC_VALUE_OUT_OF_RANGE: the result is out of range for its type",
    ),
    (
        r"invalid perl operator|invalid escape sequence",
        "NOT_SUPPORTED: A regular expression that RE2 does not have is not supported by the sandbox",
    ),
    (
        r"missing [)\]]|unexpected [)]|no argument for repetition|invalid (?:character|repetition)",
        "INVALID_FUNCTION_ARGUMENT: the regular expression cannot be read",
    ),
    (r"Insufficient padding", "INVALID_FUNCTION_ARGUMENT: Padding string must not be empty"),
    (
        r'Ambiguous reference to column name "([^"]+)"',
        "AMBIGUOUS_NAME: line 1:1: Column '{0}' is ambiguous",
    ),
    (
        r"must appear in the GROUP BY clause",
        "EXPRESSION_NOT_AGGREGATE: line 1:1: an expression must be an aggregate expression or appear in "
        "GROUP BY clause",
    ),
    (
        r"(?:Could not convert string|Could not convert|invalid \w+ field format|Conversion Error: )(.*)",
        "INVALID_CAST_ARGUMENT: Cannot cast value: {0}",
    ),
    (r"[Dd]ivision by zero", "DIVISION_BY_ZERO: Division by zero"),
    (
        r"[Cc]annot compare values of type (\S+) and type (\S+)",
        lambda left, right: (
            f"TYPE_MISMATCH: line 1:1: Cannot apply operator: {left.lower()} = {right.lower()}"
        ),
    ),
    (
        r"No function matches the given name and argument types '([^']+)'",
        "FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters for function {0}",
    ),
    (
        r"(?:Scalar|Aggregate|Table|Macro) Function with name (\S+) does not exist",
        "FUNCTION_NOT_FOUND: line 1:1: Function '{0}' not registered",
    ),
    (r"Parser Error: (.*)", "SYNTAX_ERROR: line 1:1: {0}"),
    (r"Binder Error: (.*)", "TYPE_MISMATCH: line 1:1: {0}"),
    (r"Out of Range Error: (.*)", "NUMERIC_VALUE_OUT_OF_RANGE: {0}"),
)
"""What DuckDB says, and Athena's words, with the groups of the expression that took part in the match."""
# The macro `trino_check` fails with a CAST of its message.
_FAILED_CHECK = re.compile(r"Could not convert string ['\"](.*?)['\"] to INT32", re.DOTALL)
_CODE = re.compile(r"\b([A-Z][A-Z_]{5,}: .*)", re.DOTALL)


def in_athenas_form(problem: Exception) -> str:
    """Return an error as one line in Athena's form: a code in capitals, and what is wrong."""
    first = str(problem).split("\n\n")[0].strip()
    # The engine's own macros fail with a message in Athena's form.
    if (own := _FAILED_CHECK.search(first)) and _CODE.match(own[1]):
        return _one_line(own[1])
    if own := _CODE.search(first):
        return _one_line(own[1].split("\n")[0])
    for pattern, words in _ERRORS:
        if found := re.search(pattern, first):
            groups = [group.strip(": ") for group in found.groups() if group is not None]
            return _one_line(words.format(*groups) if isinstance(words, str) else words(*groups))
    return "GENERIC_INTERNAL_ERROR: " + _one_line(first.split("\n")[0])


def _one_line(text: str) -> str:
    return " ".join(text.split())
