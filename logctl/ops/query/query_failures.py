"""The errors shown when Athena refuses or stops a query, or when a query fails."""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from logctl.aws.error_codes import message_of
from logctl.core.errors import LogctlError, UnreachableError, UsageError
from logctl.ops.query.scan_estimate import dollars
from logctl.stack.sizes import format_size

_MISREAD = re.compile(r"line \d+:\d+:|Only one sql statement|extraneous input|mismatched input")
_PARAMETER_HINT = "Give each ? of the statement its value with --param."
_STATEMENT_IS_WRONG = (
    "SYNTAX_ERROR", "COLUMN_NOT_FOUND", "TABLE_NOT_FOUND", "FUNCTION_NOT_FOUND", "SCHEMA_NOT_FOUND",
    "TYPE_MISMATCH", "AMBIGUOUS_NAME", "EXPRESSION_NOT_AGGREGATE", "MISSING_COLUMN_NAME", "mismatched input",
)  # fmt: skip


def stopped_at(scanned: int, max_scan: int) -> LogctlError:
    """Return the error for a query that was stopped after reading more than `max_scan` bytes."""
    return LogctlError(
        f"The query was stopped after reading {format_size(scanned)}, over --max-scan "
        f"{format_size(max_scan)}; that costs about ${dollars(scanned):.6f}.",
        "Narrow it with --since, --until and --app, or raise --max-scan.",
    )


def refused(cause: BaseException) -> LogctlError | None:
    """Return the error where StartQueryExecution refused the statement itself; None for any other cause."""
    if not isinstance(cause, ClientError):
        return None
    said = " ".join(message_of(cause).split()).rstrip(".")
    if not _MISREAD.search(said) and not _parameters_are_wrong(said):
        return None
    return UsageError(f"Athena: {said}.", _PARAMETER_HINT if _parameters_are_wrong(said) else "")


def _parameters_are_wrong(said: str) -> bool:
    return "INVALID_PARAMETER_USAGE" in said or "Incorrect number of parameters" in said


def failed(problem: Exception, workgroup: str) -> LogctlError:
    """Return the error for a query that Athena started or refused, from the reason that it gave."""
    said = " ".join(str(problem).split()).rstrip(".") or "the query failed without a reason"
    if "Bytes scanned limit" in said or "scanned limit was exceeded" in said:
        return LogctlError(
            f"Athena stopped the query: {said}.",
            "Narrow it with --since, --until and --app, or raise scan_limit and provision again.",
        )
    if "WorkGroup" in said and "not found" in said:
        return UnreachableError(
            f"There is no Athena workgroup {workgroup}.", "Create it with: logctl provision"
        )
    if _parameters_are_wrong(said):
        return UsageError(f"Athena: {said}.", _PARAMETER_HINT)
    missing = re.search(r"TABLE_NOT_FOUND.*?[.](logs(?:_raw|_compacted|_unique)?)' does not exist", said)
    if missing:
        return UsageError(
            f"Athena: {said}.", "Restore tables and views of the pipeline with: logctl athena repair"
        )
    kind = UsageError if any(sign in said for sign in _STATEMENT_IS_WRONG) else LogctlError
    return kind(f"Athena: {said}.")
