"""The configuration that the tests' pipelines run with; what differs is replaced where it does."""

from __future__ import annotations

from logctl.core.times import DAY, HOUR, MINUTE
from logctl.pipeline.config import PipelineConfig

CONFIG = PipelineConfig(
    bucket="logctl-test-logs",
    hot_table="logctl-test-hot",
    alerts_table="logctl-test-alerts",
    topic_arn="arn:aws:sns:eu-central-1:123456789012:logctl-test-alerts",
    database="logctl_test",
    table="logs_raw",
    compacted_table="logs_compacted",
    hot_retention=48 * HOUR,
    cold_retention=365 * DAY,
    alert_level="ERROR",
    alert_window=15 * MINUTE,
    late_after=HOUR,
)
