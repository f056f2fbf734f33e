"""The rules of the pipeline, pure: no boto3, no clock, no I/O.

What a log record is (`records`), how records travel (`envelope`, `unpacking`), where they are stored
(`partitions`, `hot_rows`), when an alert is published (`debounce`, `fingerprint`), and what one message may
hold (`limits`). A Lambda handler reaches each of these modules; the command line uses the same ones, so that
the two cannot disagree.
"""
