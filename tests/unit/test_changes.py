"""Which statements change the pipeline itself, however they are written."""

from __future__ import annotations

import pytest

from logctl.ops.query.pipeline_objects import Changes
from logctl.stack.names import Names
from logctl.stack.settings import Settings

NAMES = Names.of(Settings.build(("test", {"env": "test"})))
DB, BUCKET = NAMES.database, "logctl-test-logs-1-eu"
CHANGING = [
    "drop table logs_raw",
    "DROP TABLE IF EXISTS `Logs_Raw`",
    "/* x */ -- y\n drop /* z */ table logs_raw;",
    f'DROP VIEW "AwsDataCatalog"."{DB}"."logs"',
    f"DROP VIEW {DB}.logs_unique",
    f"DROP TABLE awsdatacatalog.{DB}.logs_compacted",
    f"DROP TABLE `{DB}`.`logs_raw`",
    f"DROP DATABASE {DB} CASCADE",
    f"drop schema `{DB.upper()}`",
    f"ALTER DATABASE {DB} SET DBPROPERTIES ('a' = 'b')",
    "ALTER TABLE logs_raw DROP PARTITION (year = '2026')",
    f"ALTER TABLE {DB}.logs_raw ADD PARTITION (year = '2026') LOCATION 's3://other/'",
    "ALTER TABLE logs_raw PARTITION (year = '2026') SET LOCATION 's3://other/'",
    "ALTER TABLE logs_raw SET TBLPROPERTIES ('a' = 'b')",
    "ALTER TABLE logs_raw ADD COLUMNS (x string)",
    "ALTER TABLE other RENAME TO logs_raw",
    "CREATE OR REPLACE VIEW logs AS SELECT 1 AS a",
    "create view logs_unique as select 1 a",
    "CREATE EXTERNAL TABLE logs_raw (x int) LOCATION 's3://other/'",
    "CREATE TABLE logs_raw AS SELECT 1 AS a",
    f"CREATE TABLE x WITH (external_location = 's3://{BUCKET}/logs/') AS SELECT 1 AS a",
    "INSERT INTO logs_raw SELECT * FROM logs_raw",
    f"WITH a AS (SELECT 1) INSERT INTO {DB}.logs_raw SELECT * FROM a",
    f"INSERT INTO {DB}.logs_raw VALUES (1)",
    "DELETE FROM logs_raw WHERE year = '2026'",
    "UPDATE logs_raw SET message = ''",
    "MERGE INTO logs_raw t USING b ON t.a = b.a WHEN MATCHED THEN DELETE",
    "TRUNCATE TABLE logs_raw",
    "EXPLAIN ANALYZE INSERT INTO logs_raw SELECT 1",
    "explain /* a */ analyze verbose (format json) insert into logs_raw select 1",
    "PREPARE p FROM DROP TABLE logs_raw",
    "EXECUTE p",
    "OPTIMIZE logs_raw REWRITE DATA USING BIN_PACK",
    f"UNLOAD (SELECT 1) TO 's3://{BUCKET}/compacted/x' WITH (format = 'JSON')",
    "SELECT 1; DROP TABLE logs_raw",
    "DROP TABLE IF logs_raw EXISTS",
    "GRANT ALL ON logs_raw TO x",
    "ALTER MATERIALIZED THING x",
]
NOT_CHANGING = [
    "SELECT * FROM logs",
    "WITH t AS (SELECT 1 AS a) SELECT * FROM t",
    "(SELECT 1) UNION (SELECT 2)",
    "VALUES 1",
    "SELECT 'drop table logs_raw'",
    "SELECT * FROM logs -- drop table logs_raw",
    "SHOW PARTITIONS logs_raw",
    "SHOW CREATE TABLE logs_raw",
    "DESCRIBE logs_raw",
    "MSCK REPAIR TABLE logs_raw",
    "EXPLAIN SELECT * FROM logs_raw",
    "EXPLAIN INSERT INTO logs_raw SELECT 1",
    "EXPLAIN ANALYZE SELECT * FROM logs_raw",
    "DROP TABLE mine",
    "DROP TABLE elsewhere.logs_raw",
    "CREATE TABLE mine AS SELECT * FROM logs_raw",
    "CREATE TABLE mine WITH (external_location = 's3://other/logs/') AS SELECT * FROM logs",
    "CREATE OR REPLACE VIEW mine AS SELECT * FROM logs",
    "INSERT INTO mine SELECT * FROM logs_raw",
    "UNLOAD (SELECT * FROM logs) TO 's3://other/x' WITH (format = 'JSON')",
    f"UNLOAD (SELECT 1) TO 's3://{BUCKET}/athena-results/x' WITH (format = 'JSON')",
    "PREPARE p FROM SELECT * FROM logs WHERE appid = ?",
    "DEALLOCATE PREPARE p",
    "CREATE DATABASE mine",
    "SELECT FROM WHERE",
]


@pytest.mark.parametrize("sql", CHANGING)
def test_what_changes_the_pipeline_is_seen(sql):
    assert Changes(NAMES, lambda: BUCKET).of(sql)


@pytest.mark.parametrize("sql", NOT_CHANGING)
def test_what_does_not_is_not_asked_about(sql):
    assert Changes(NAMES, lambda: BUCKET).of(sql) is None
