"""The one core module: every rule of the pipeline, pure. No boto3, no clock, no I/O.

What a log record is (`records`), how many travel in one message (`envelope`), where they lie
(`partitions`, `chunks`), when somebody is told (`debounce`, `fingerprint`), and what things are
called (`settings`, `names`). Lambda handlers and the command line share these, so they cannot disagree.
"""
