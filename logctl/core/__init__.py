"""The rules of the pipeline, pure: no boto3, no clock, no I/O.

What a log record is (`records`), how records travel (`envelope`, `unpacking`), where they are stored
(`partitions`, `hot_rows`), when an alert is published (`debounce`, `fingerprint`), and what things are called
(`settings`, `names`). Lambda handlers and the command line share these modules, so that they cannot disagree.
"""
