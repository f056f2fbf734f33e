"""The error that a person is shown for an exception: one sentence, what to do next, and an exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from logctl.aws.error_codes import Trouble, code_of, message_of, trouble
from logctl.core.errors import LogctlError, NotPermittedError, UnreachableError, UsageError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

    from logctl.cli.context import CommandContext


def explain(error: Exception, context: CommandContext) -> LogctlError | None:
    """Return the error to show for an exception; None for a bug, which should keep its traceback."""
    if isinstance(error, LogctlError):
        return error
    try:
        from botocore import exceptions as boto
        from botocore.parsers import ResponseParserError
    except ImportError:  # pragma: no cover - boto3 is a dependency
        return None
    if isinstance(error, boto.ClientError):
        return _of_service(error, context)
    explanations: tuple[tuple[tuple[type[Exception], ...], Callable[[], LogctlError]], ...] = (
        (
            (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError),
            lambda: NotPermittedError("No AWS credentials were found.", _sign_in(context)),
        ),
        (
            (boto.ProfileNotFound,),
            lambda: UsageError(f"{error}.", "List the profiles with: aws configure list-profiles"),
        ),
        (
            (boto.SSOTokenLoadError, boto.UnauthorizedSSOTokenError, boto.TokenRetrievalError),
            lambda: NotPermittedError("The AWS sign-in has expired.", _sign_in(context)),
        ),
        (
            (boto.NoRegionError,),
            lambda: UsageError("No AWS region is configured.", "Give --region, or set AWS_REGION."),
        ),
        (
            (boto.InvalidRegionError,),
            lambda: UsageError(f"{error}.", "Give a region such as eu-central-1."),
        ),
        (
            (
                boto.EndpointConnectionError,
                boto.ConnectTimeoutError,
                boto.ReadTimeoutError,
                boto.ConnectionClosedError,
                boto.HTTPClientError,
            ),
            lambda: UnreachableError(f"{_unreachable(error)} cannot be reached.", _reach(context)),
        ),
        ((boto.BotoCoreError,), lambda: LogctlError(f"{error}".rstrip(".") + ".")),
        (
            (ResponseParserError, UnicodeDecodeError),
            lambda: LogctlError("A reply from AWS could not be parsed.", "Run the same command again."),
        ),
    )
    for kinds, explained in explanations:
        if isinstance(error, kinds):
            return explained()
    return None


def _of_service(error: ClientError, context: CommandContext) -> LogctlError:
    code = code_of(error)
    said = message_of(error) or code
    match trouble(code, said):
        case Trouble.EXPIRED:
            return NotPermittedError("The AWS sign-in has expired.", _sign_in(context))
        case Trouble.BAD_CREDENTIALS:
            return NotPermittedError("AWS does not accept these credentials.", _sign_in(context))
        case Trouble.DENIED:
            return NotPermittedError(
                f"AWS refuses {error.operation_name}: {said}".rstrip(".") + ".",
                f"See what a command needs with: logctl iam --for COMMAND{context.target_flag}",
            )
        case Trouble.MISSING:
            if error.operation_name in _CATALOG_OPERATIONS and _is_provisioned(context):
                return UnreachableError(
                    "A table or view of the pipeline is missing from Athena's catalog.",
                    f"Restore it with: logctl athena repair{context.target_flag}",
                )
            return not_provisioned(context)
        case Trouble.BUSY:
            return LogctlError(
                f"AWS is throttling {error.operation_name}.", "Wait a moment and run the same command again."
            )
        case Trouble.OTHER:
            return LogctlError(f"AWS answered {error.operation_name} with {code}: {said}".rstrip(".") + ".")


_CATALOG_OPERATIONS = frozenset(
    {"GetTable", "GetPartitions", "BatchCreatePartition", "BatchDeletePartition", "BatchUpdatePartition"}
)


def _is_provisioned(context: CommandContext) -> bool:
    """Return whether there is a stack; False if that cannot be found out."""
    try:
        context.deployment.outputs()
    except Exception:  # noqa: BLE001 - the error to explain is another one
        return False
    return True


def not_provisioned(context: CommandContext) -> UnreachableError:
    """Return the error for an environment without a stack."""
    hint = f"Create it with: logctl provision{context.target_flag}"
    return UnreachableError(
        f"There is no {context.deployment.names.stack} pipeline in {context.place}.",
        hint + _sandbox_hint(context),
    )


def _sign_in(context: CommandContext) -> str:
    profile = context.settings.profile
    login = f"aws sso login --profile {profile}" if profile else "aws configure, or aws sso login"
    return f"Sign in with: {login}." + _sandbox_hint(context)


def _reach(context: CommandContext) -> str:
    if context.settings.target == "local":
        return "Check the sandbox with: logctl local status"
    return "Check the network, the region and AWS_ENDPOINT_URL." + _sandbox_hint(context)


def _sandbox_hint(context: CommandContext) -> str:
    if context.settings.target == "local":
        return ""
    from logctl.local import sandbox

    try:
        running = sandbox.find(context.sandbox_home)
    except LogctlError:
        return ""
    return "" if running is None else " A sandbox is up on this machine: to use it, add --target local."


def _unreachable(error: Exception) -> str:
    url = getattr(error, "kwargs", {}).get("endpoint_url")
    return str(url) if url else "AWS"
