"""What things are called. Every name carries prefix and environment, so copies live side by side."""

from __future__ import annotations

from dataclasses import dataclass

from logctl.core.settings import Settings

CHINA, GOVCLOUD = "cn-", "us-gov-"
"""What the regions of the partitions aws-cn and aws-us-gov begin with."""


@dataclass(frozen=True)
class Place:
    """An account and region. Without knowing which, a template can still say it in its own words."""

    account: str = "${AWS::AccountId}"
    region: str = "${AWS::Region}"

    @property
    def known(self) -> bool:
        return "$" not in self.account + self.region


@dataclass(frozen=True)
class Names:
    """The names of one environment's resources; pure functions of prefix and environment.

    Bucket names are global in S3, so they carry account and region too.
    """

    prefix: str
    env: str

    @classmethod
    def of(cls, settings: Settings) -> Names:
        return cls(settings.prefix, settings.env)

    @property
    def stack(self) -> str:
        return f"{self.prefix}-{self.env}"

    @property
    def tags(self) -> dict[str, str]:
        """What everything carries that takes tags, and what says whose it is: two environments can have one
        name for their stacks (`a-b` and `c`, `a` and `b-c`)."""
        return {"logctl:prefix": self.prefix, "logctl:env": self.env}

    @property
    def bootstrap_stack(self) -> str:
        return f"{self.stack}-bootstrap"

    def deploy_bucket(self, place: Place) -> str:
        return f"{self.stack}-deploy-{place.account}-{place.region}"

    def bucket(self, place: Place) -> str:
        return f"{self.stack}-logs-{place.account}-{place.region}"

    @property
    def queue(self) -> str:
        return f"{self.stack}-ingest.fifo"

    @property
    def dead_letter_queue(self) -> str:
        return f"{self.stack}-ingest-dlq.fifo"

    @property
    def hot_table(self) -> str:
        return f"{self.stack}-hot"

    @property
    def alerts_table(self) -> str:
        return f"{self.stack}-alerts"

    @property
    def topic(self) -> str:
        return f"{self.stack}-alerts"

    @property
    def consumer(self) -> str:
        return f"{self.stack}-consumer"

    @property
    def sweeper(self) -> str:
        return f"{self.stack}-sweeper"

    @property
    def database(self) -> str:
        # Glue and Athena want no hyphen in a name that people write unquoted.
        return self.stack.replace("-", "_")

    @property
    def workgroup(self) -> str:
        return self.stack

    @property
    def table(self) -> str:
        """What the consumer writes and `athena repair` keeps in step with S3."""
        return "logs_raw"

    @property
    def compacted_table(self) -> str:
        return "logs_compacted"

    @property
    def view(self) -> str:
        """What people query."""
        return "logs"

    @property
    def unique_view(self) -> str:
        return "logs_unique"

    @property
    def compactor(self) -> str:
        return f"{self.stack}-compactor"

    @property
    def api(self) -> str:
        return f"{self.stack}-api"

    def alarm(self, about: str) -> str:
        return f"{self.stack}-{about}"

    def sign_in_domain(self, place: Place) -> str:
        """What Cognito's sign-in pages stand under; unique among all accounts of a region."""
        return f"{self.stack}-{place.account}"

    def sign_in_host(self, place: Place) -> str:
        """Where Cognito's sign-in pages are; GovCloud has FIPS endpoints only (AWS GovCloud (US) User Guide,
        Amazon Cognito)."""
        auth = "auth-fips" if place.region.startswith(GOVCLOUD) else "auth"
        return f"{self.sign_in_domain(place)}.{auth}.{place.region}.amazoncognito.com"

    def topic_arn(self, partition: str, account: str, region: str) -> str:
        return f"arn:{partition}:sns:{region}:{account}:{self.topic}"
