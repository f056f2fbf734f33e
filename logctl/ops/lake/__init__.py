"""The data that Athena reads: partitions, tables and views, their repair, and compaction."""
