"""AWS's list prices with their sources and dates, in US dollars, without taxes and free tiers.

AWS's price list could not be read directly when these were collected. Each figure is quoted by public
documents from the file at `Price.source`, as it was on `Price.as_of`. Where no figure for eu-central-1 was
found, that of us-east-1 is used, and `Price.checked` is False.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from logctl.core.errors import UsageError

GB = 10**9
TB = 10**12
REGIONS = ("us-east-1", "eu-central-1")
_OFFER = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{offer}/current/{region}/index.json"


@dataclass(frozen=True)
class Price:
    """A list price: `usd` dollars for `per` units of a quantity; `unit` is that amount in words."""

    usd: float
    per: float
    unit: str
    source: str
    as_of: str
    checked: bool = True

    def of(self, quantity: float) -> float:
        """Return the price of a quantity, in dollars."""
        return quantity / self.per * self.usd

    def __str__(self) -> str:
        digits = f"{self.usd:.10f}".rstrip("0")
        whole, _, fraction = digits.partition(".")
        return f"${whole}.{fraction.ljust(2, '0')} per {self.unit}{'' if self.checked else ' (unchecked)'}"


@dataclass(frozen=True)
class _Row:
    """One thing that AWS bills. `usd` is in the order of REGIONS; None is a price that was not found."""

    per: float
    unit: str
    offer: str
    as_of: str
    usd: tuple[float, float | None]


_TABLE: Mapping[str, _Row] = {
    "sqs_fifo_request": _Row(1e6, "million requests", "AWSQueueService", "2025-08-28", (0.50, 0.50)),
    "lambda_request": _Row(1e6, "million requests", "AWSLambda", "2026-09-21", (0.20, 0.20)),
    "lambda_arm_gb_second": _Row(1, "GB-s", "AWSLambda", "2026-09-21", (0.0000133334, 0.0000133334)),
    "s3_put": _Row(1e3, "thousand requests", "AmazonS3", "2026-08-07", (0.005, 0.0054)),
    "s3_standard": _Row(GB, "GB-month", "AmazonS3", "2026-08-07", (0.023, 0.0245)),
    "s3_infrequent": _Row(GB, "GB-month", "AmazonS3", "2026-08-07", (0.0125, 0.0135)),
    "s3_glacier_ir": _Row(GB, "GB-month", "AmazonS3", "2025-10-28", (0.004, None)),
    "s3_to_infrequent": _Row(1e3, "thousand objects", "AmazonS3", "2026-08-07", (0.01, 0.01)),
    "s3_to_glacier_ir": _Row(1e3, "thousand objects", "AmazonS3", "2026-08-07", (0.02, 0.02)),
    "dynamodb_write": _Row(1e6, "million units", "AmazonDynamoDB", "2026-08-15", (0.625, 0.7625)),
    "dynamodb_read": _Row(1e6, "million units", "AmazonDynamoDB", "2026-08-15", (0.125, 0.1525)),
    "dynamodb_storage": _Row(GB, "GB-month", "AmazonDynamoDB", "2026-08-15", (0.25, 0.306)),
    "dynamodb_backup": _Row(GB, "GB-month", "AmazonDynamoDB", "2026-08-15", (0.20, 0.2448)),
    "sns_publish": _Row(1e6, "million requests", "AmazonSNS", "2026-09-11", (0.50, 0.50)),
    "logs_ingest": _Row(GB, "GB", "AmazonCloudWatch", "2026-08-06", (0.50, 0.63)),
    "logs_storage": _Row(GB, "GB-month", "AmazonCloudWatch", "2026-08-06", (0.03, 0.0324)),
    "alarm": _Row(1, "alarm-month", "AmazonCloudWatch", "2026-08-06", (0.10, 0.10)),
    "http_api_request": _Row(1e6, "million requests", "AmazonApiGateway", "2026-09-21", (1.00, 1.20)),
    "athena_scan": _Row(TB, "TB", "AmazonAthena", "2026-08-31", (5.00, None)),
    "firehose_ingest": _Row(GB, "GB", "AmazonKinesisFirehose", "2025-10-28", (0.029, None)),
    "cognito_token": _Row(1e3, "thousand tokens", "AmazonCognito", "2025-04-27", (2.25, None)),
}


def prices(region: str) -> dict[str, Price]:
    """Return the prices of a region, by the names of the table.

    Raises:
        UsageError: the table has no prices of that region.
    """
    if region not in REGIONS:
        raise UsageError(
            f"logctl has no prices of {region}, only of {' and '.join(REGIONS)}.",
            f"To use another region's prices: --prices {REGIONS[0]}",
        )
    return {name: _price(row, region) for name, row in _TABLE.items()}


def _price(row: _Row, region: str) -> Price:
    own = row.usd[REGIONS.index(region)]
    source = _OFFER.format(offer=row.offer, region=region if own is not None else REGIONS[0])
    usd = row.usd[0] if own is None else own
    return Price(usd, row.per, row.unit, source, row.as_of, checked=own is not None)
