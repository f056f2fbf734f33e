"""Names of resources. Each contains prefix and environment, so that environments can exist side by side."""

from __future__ import annotations

from dataclasses import dataclass

from logctl.aws.place import Place
from logctl.stack.settings import Settings

CHINA, GOVCLOUD = "cn-", "us-gov-"
"""How the names of the regions in the partitions aws-cn and aws-us-gov begin."""


@dataclass(frozen=True)
class Names:
    """Names of the resources of one environment, computed from prefix and environment.

    Bucket names are global in S3, so they contain account and region too.
    """

    prefix: str
    env: str

    @classmethod
    def of(cls, settings: Settings) -> Names:
        """Return the names in the environment that the settings choose."""
        return cls(settings.prefix, settings.env)

    @property
    def stack(self) -> str:
        return f"{self.prefix}-{self.env}"

    @property
    def tags(self) -> dict[str, str]:
        """Tags of every resource that takes tags. They say which environment it belongs to, which names do
        not: prefix `a-b` with environment `c` has the same names as prefix `a` with environment `b-c`.
        """
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
        # In Athena's SQL, a name with a hyphen would have to be quoted.
        return self.stack.replace("-", "_")

    @property
    def workgroup(self) -> str:
        return self.stack

    @property
    def table(self) -> str:
        """Glue table of the JSON objects: the consumer and `athena repair` add partitions to it."""
        return "logs_raw"

    @property
    def compacted_table(self) -> str:
        """Glue table of the Parquet files that the compactor writes."""
        return "logs_compacted"

    @property
    def view(self) -> str:
        """View for queries: raw and compacted records (see `stack.catalog_views`)."""
        return "logs"

    @property
    def unique_view(self) -> str:
        """View for queries: the records of `logs`, each event_id once."""
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
        """Prefix of the domain of Cognito's sign-in pages, unique among all accounts of a region."""
        return f"{self.stack}-{place.account}"

    def sign_in_host(self, place: Place) -> str:
        """Host of Cognito's sign-in pages.

        GovCloud has FIPS endpoints only (AWS GovCloud (US) User Guide, Amazon Cognito).
        """
        auth = "auth-fips" if place.region.startswith(GOVCLOUD) else "auth"
        return f"{self.sign_in_domain(place)}.{auth}.{place.region}.amazoncognito.com"

    def topic_arn(self, partition: str, account: str, region: str) -> str:
        return f"arn:{partition}:sns:{region}:{account}:{self.topic}"
