"""The catalog in Glue and the data in S3: tables, partitions, objects, and how files are read."""
