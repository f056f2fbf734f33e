"""AWS clients with timeouts that suit a pipeline, created once and passed to the code that needs them.

The sandbox and AWS differ in endpoint and credentials only, and both are passed in: code that uses a client
does not know which of the two it calls.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from logctl.aws.place import Place

if TYPE_CHECKING:
    from mypy_boto3_athena.client import AthenaClient
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sts.client import STSClient

# botocore's default read timeout is 60 s, which is all the time that a function has.
# The sweeper has sixteen threads; botocore's default pool has only ten connections.
_FAST = Config(
    connect_timeout=1,
    read_timeout=5,
    retries={"mode": "standard", "max_attempts": 3},
    max_pool_connections=20,
)
# For the consumer, which has 60 seconds: a call and its pauses take LONGEST_CALL at most.
IN_TIME = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "max_attempts": 3})
LONGEST_CALL = 15_000
"""Milliseconds that one call with IN_TIME may take: three attempts of four seconds, with pauses of at most
one and two seconds between them (botocore, standard retry mode)."""
# Publishing must not delay ingest: the sweeper repeats a publish that failed (see `core.debounce`).
_BRIEF = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "max_attempts": 2},
    max_pool_connections=20,
)
# Control planes reply slowly and throttle early. A long poll of SQS takes up to 20 s.
_PATIENT = Config(connect_timeout=3, read_timeout=30, retries={"mode": "standard", "max_attempts": 3})


class Aws:
    """The clients of one account and region, each created at its first use.

    Boto3 clients are thread-safe, but creating one is not: threads start after their client was used once.
    """

    def __init__(
        self,
        session: boto3.Session,
        endpoint_url: str | None = None,
        athena_endpoint_url: str | None = None,
        *,
        calls: Config | None = None,
    ) -> None:
        """Create clients from a session.

        Args:
            session: credentials and region.
            endpoint_url: where all services are, for the sandbox.
            athena_endpoint_url: where Athena is; without it, `endpoint_url`.
            calls: replaces the timeouts and retries of the clients that the functions use.
        """
        self._session = session
        self._calls = calls or _FAST
        self._slow_calls = calls or _PATIENT
        self.endpoint_url = endpoint_url
        self.athena_endpoint_url = athena_endpoint_url or endpoint_url

    @property
    def session(self) -> boto3.Session:
        return self._session

    @property
    def region(self) -> str:
        return self._session.region_name

    @cached_property
    def account(self) -> str:
        """The account id: twelve digits."""
        return self._identity[1]

    @property
    def place(self) -> Place:
        return Place(self.account, self.region)

    @cached_property
    def partition(self) -> str:
        """The partition of AWS: `aws`, `aws-cn` or `aws-us-gov`."""
        return self._identity[0]

    @cached_property
    def _identity(self) -> tuple[str, str]:
        arn = self.sts.get_caller_identity()["Arn"].split(":")
        return arn[1], arn[4]

    @cached_property
    def athena(self) -> AthenaClient:
        return self._session.client("athena", endpoint_url=self.athena_endpoint_url, config=_PATIENT)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        return self._session.client("cloudformation", endpoint_url=self.endpoint_url, config=_PATIENT)

    @cached_property
    def cloudwatch(self) -> Any:
        return self._session.client("cloudwatch", endpoint_url=self.endpoint_url, config=_PATIENT)

    @cached_property
    def cognito(self) -> CognitoIdentityProviderClient:
        return self._session.client("cognito-idp", endpoint_url=self.endpoint_url, config=_PATIENT)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return self._session.client("dynamodb", endpoint_url=self.endpoint_url, config=self._calls)

    @cached_property
    def events(self) -> EventBridgeClient:
        return self._session.client("events", endpoint_url=self.endpoint_url, config=_PATIENT)

    @cached_property
    def glue(self) -> GlueClient:
        return self._session.client("glue", endpoint_url=self.endpoint_url, config=self._calls)

    @cached_property
    def functions(self) -> LambdaClient:
        return self._session.client("lambda", endpoint_url=self.endpoint_url, config=_PATIENT)

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        return self._session.client("logs", endpoint_url=self.endpoint_url, config=_PATIENT)

    @cached_property
    def s3(self) -> S3Client:
        return self._session.client("s3", endpoint_url=self.endpoint_url, config=self._calls)

    @cached_property
    def sns(self) -> SNSClient:
        return self._session.client("sns", endpoint_url=self.endpoint_url, config=_BRIEF)

    @cached_property
    def sqs(self) -> SQSClient:
        return self._session.client("sqs", endpoint_url=self.endpoint_url, config=self._slow_calls)

    @cached_property
    def sts(self) -> STSClient:
        return self._session.client("sts", endpoint_url=self.endpoint_url, config=self._calls)
