"""From a query's tree to the SQL that is run: names, views, tables, partitions."""
