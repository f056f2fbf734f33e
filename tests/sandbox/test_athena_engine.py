"""The sandbox's Athena by its API alone, as boto3 sees it: statements, partitions, formats, limits, errors.

What is right is what Amazon's documentation says (docs/athena.md names the pages)."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.helpers.sandbox import Cli

BUCKET = "athena-tests"


@dataclass
class Athena:
    """A person with the SDK. `run` gives rows (header cut off for queries), or raises what failed."""

    clients: dict[str, Any]
    database: str = "tests"
    last: dict[str, Any] = field(default_factory=dict)

    @property
    def api(self) -> Any:
        return self.clients["athena"]

    @property
    def s3(self) -> Any:
        return self.clients["s3"]

    @property
    def glue(self) -> Any:
        return self.clients["glue"]

    def start(self, sql: str, **options: Any) -> str:
        options.setdefault("QueryExecutionContext", {"Database": self.database})
        options.setdefault("ResultConfiguration", {"OutputLocation": f"s3://{BUCKET}/results/"})
        return self.api.start_query_execution(QueryString=sql, **options)["QueryExecutionId"]

    def wait(self, query_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 30
        while True:
            self.last = self.api.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if self.last["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return self.last
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def run(self, sql: str, **options: Any) -> list[tuple[str | None, ...]]:
        query_id = self.start(sql, **options)
        done = self.wait(query_id)
        if done["Status"]["State"] != "SUCCEEDED":
            raise Failed(done["Status"]["StateChangeReason"])
        pages = self.api.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
        rows = [
            tuple(cell.get("VarCharValue") for cell in row["Data"])
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]
        return rows[1:] if done.get("SubstatementType") == "SELECT" else rows

    def lines(self, sql: str) -> list[str]:
        return ["\t".join(cell or "" for cell in row).rstrip() for row in self.run(sql)]

    def put(self, key: str, body: bytes | str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body if isinstance(body, bytes) else body.encode())

    def keys(self, prefix: str) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]

    @property
    def scanned(self) -> int:
        return int(self.last["Statistics"]["DataScannedInBytes"])


class Failed(Exception):
    pass


@pytest.fixture(scope="module")
def athena(sandbox: Cli) -> Athena:
    from logctl.local import sandbox as local

    running = local.find(sandbox.home / "sandbox")
    assert running is not None
    exports = local.environment(running)
    session = boto3.Session(
        aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
        region_name=exports["AWS_REGION"],
    )
    clients = {
        name: session.client(
            name,
            endpoint_url=exports["AWS_ENDPOINT_URL_ATHENA" if name == "athena" else "AWS_ENDPOINT_URL"],
        )
        for name in ("athena", "s3", "glue")
    }
    clients["s3"].create_bucket(Bucket=BUCKET)
    clients["athena"].create_work_group(
        Name="small",
        Configuration={
            "BytesScannedCutoffPerQuery": 10_000_000,
            "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/small/"},
        },
    )
    made = Athena(clients)
    made.run("CREATE DATABASE IF NOT EXISTS tests")
    made.run("CREATE EXTERNAL TABLE flat (x int) LOCATION 's3://athena-tests/flat/'")
    return made


def ndjson(*records: Any) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


EVENTS = """
CREATE EXTERNAL TABLE IF NOT EXISTS {name} (
  id int COMMENT 'the id', name string, price decimal(10,2), at timestamp, tags array<string>,
  attributes map<string,string>, place struct<city:string,zip:int>)
PARTITIONED BY (day string, app string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
LOCATION 's3://athena-tests/{name}/'
"""


@pytest.fixture(scope="module")
def events(athena: Athena) -> Athena:
    """Three days of two apps; the first two days registered, the third not."""
    athena.run(EVENTS.format(name="events"))
    for day in ("01", "02", "03"):
        for app in ("a", "b"):
            rows = [
                {
                    "ID": n,
                    "name": f"n{n}",
                    "price": n + 0.5,
                    "at": f"2026-03-{day} 10:00:0{n}.250",
                    "tags": ["x", "y"],
                    "attributes": {"k": str(n)},
                    "place": {"city": "Bern", "zip": 3000 + n},
                }
                for n in range(3)
            ]
            athena.put(f"events/day={day}/app={app}/one.json.gz", gzip.compress(ndjson(*rows)))
    athena.run(
        "ALTER TABLE events ADD IF NOT EXISTS PARTITION (day='01', app='a') PARTITION (day='01', app='b') "
        "PARTITION (day='02', app='a') LOCATION 's3://athena-tests/events/day=02/app=a/' "
        "PARTITION (day='02', app='b')"
    )
    return athena


# ── The API ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_query_its_result_and_its_files(events):
    rows = events.run(
        "SELECT id, name, price, at, tags, attributes, place, day FROM events ORDER BY day, app, id LIMIT 1"
    )
    assert rows == [
        ("0", "n0", "0.50", "2026-03-01 10:00:00.250", "[x, y]", "{k=0}", "{city=Bern, zip=3000}", "01")
    ]  # fmt: skip
    done = events.last
    assert done["StatementType"] == "DML"
    assert done["SubstatementType"] == "SELECT"
    assert done["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    location = done["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://{BUCKET}/results/{done['QueryExecutionId']}.csv"
    body = events.s3.get_object(Bucket=BUCKET, Key=location.split("/", 3)[3])["Body"].read().decode()
    assert body.splitlines()[0] == '"id","name","price","at","tags","attributes","place","day"'
    assert list(csv.reader(io.StringIO(body)))[1] == list(rows[0])
    metadata = events.s3.get_object(Bucket=BUCKET, Key=location.split("/", 3)[3] + ".metadata")["Body"].read()
    assert metadata[:2] == b"\x0a\x24"
    assert b'"' in metadata
    assert b"\x22\x05price\x2a\x05price\x32\x07decimal" in metadata


def test_column_metadata_names_athenas_types(events):
    query_id = events.start(
        "SELECT id, name, price, at, tags, attributes, place, count(*) OVER (), 1.5e0, true FROM events LIMIT 1"
    )
    events.wait(query_id)
    info = events.api.get_query_results(QueryExecutionId=query_id)["ResultSet"]["ResultSetMetadata"][
        "ColumnInfo"
    ]
    assert [(column["Name"], column["Type"]) for column in info] == [
        ("id", "integer"), ("name", "varchar"), ("price", "decimal"), ("at", "timestamp"), ("tags", "array"),
        ("attributes", "map"), ("place", "row"), ("_col7", "bigint"), ("_col8", "double"), ("_col9", "boolean"),
    ]  # fmt: skip
    assert (info[2]["Precision"], info[2]["Scale"]) == (10, 2)


def test_null_is_nothing_and_the_empty_string_is_quoted(athena):
    assert athena.run("SELECT NULL, '', 'a\"b', chr(10)") == [(None, "", 'a"b', "\n")]
    location = athena.last["ResultConfiguration"]["OutputLocation"]
    body = athena.s3.get_object(Bucket=BUCKET, Key=location.split("/", 3)[3])["Body"].read()
    assert body == b'"_col0","_col1","_col2","_col3"\n,"","a""b","\n"\n'


def test_a_column_may_be_called_what_duckdb_calls_one_without_a_name(athena):
    def names(sql: str) -> list[str]:
        query_id = athena.start(sql)
        assert athena.wait(query_id)["Status"]["State"] == "SUCCEEDED"
        results = athena.api.get_query_results(QueryExecutionId=query_id)["ResultSet"]
        return [column["Name"] for column in results["ResultSetMetadata"]["ColumnInfo"]]

    assert names("SELECT ARRAY[1, 2] AS col0, 2, 3 AS col1") == ["col0", "_col1", "col1"]
    assert names("SELECT * FROM (VALUES (1, 2), (3, 4))") == ["_col0", "_col1"]
    assert names("SELECT * FROM (VALUES (1, 'a')) AS t") == ["_col0", "_col1"]
    assert names("SELECT * FROM (VALUES (1, 'a')) AS t (col1, col0)") == ["col1", "col0"]


def test_a_workgroup_says_whether_it_enforces_its_configuration(athena):
    described = athena.api.get_work_group(WorkGroup="primary")["WorkGroup"]
    assert described["Configuration"]["EnforceWorkGroupConfiguration"] is False


def test_pages_of_results(athena):
    query_id = athena.start("SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n)")
    athena.wait(query_id)
    first = athena.api.get_query_results(QueryExecutionId=query_id)
    assert len(first["ResultSet"]["Rows"]) == 1000
    assert first["ResultSet"]["Rows"][0] == {"Data": [{"VarCharValue": "n"}]}
    second = athena.api.get_query_results(
        QueryExecutionId=query_id, NextToken=first["NextToken"], MaxResults=10
    )
    assert second["ResultSet"]["Rows"][0] == {"Data": [{"VarCharValue": "1000"}]}
    assert len(athena.run("SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n)")) == 2500
    with pytest.raises(ClientError, match="1000"):
        athena.api.get_query_results(QueryExecutionId=query_id, MaxResults=1001)


def test_the_same_token_is_the_same_execution(athena):
    token = "t" * 32
    first = athena.start("SELECT 1", ClientRequestToken=token)
    assert athena.start("SELECT 1", ClientRequestToken=token) == first
    with pytest.raises(ClientError, match="Idempotent"):
        athena.start("SELECT 2", ClientRequestToken=token)


def test_parameters_are_literals_in_order(events):
    rows = events.run(
        "WITH x AS (SELECT * FROM events WHERE day = ?) SELECT name, ? FROM x WHERE app = ? AND id = ?",
        ExecutionParameters=["'02'", "'it''s'", "'b'", "1"],
    )
    assert rows == [("n1", "it's")]
    with pytest.raises(ClientError, match="INVALID_PARAMETER_USAGE"):
        events.run("SELECT ?", ExecutionParameters=["1", "2"])
    # What is no literal is text, whatever it says.
    rows = events.run("SELECT ?, ?", ExecutionParameters=["Washington", "(SELECT 1)) --"])
    assert rows == [("Washington", "(SELECT 1)) --")]


def test_prepared_statements(athena):
    athena.api.create_prepared_statement(
        StatementName="plus", WorkGroup="primary", QueryStatement="SELECT ? + ?"
    )
    assert athena.run("EXECUTE plus USING 1, 2") == [("3",)]


def test_a_reused_result_scans_nothing(events):
    sql = "SELECT count(*) FROM events WHERE day = '01'"
    reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 5}}
    assert events.run(sql) == [("6",)]
    assert events.scanned > 0
    assert events.run(sql, ResultReuseConfiguration=reuse) == [("6",)]
    assert events.scanned == 0
    assert events.last["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]


def test_the_workgroups_limit_stops_a_query(events):
    events.run(
        "CREATE EXTERNAL TABLE big (x string) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' "
        "LOCATION 's3://athena-tests/big/'"
    )
    body = json.dumps({"x": "y" * 100_000}) + "\n"
    for number in range(3):
        events.put(f"big/{number}.json", body * 50)
    with pytest.raises(Failed, match="Bytes scanned limit was exceeded"):
        events.run("SELECT max(x) FROM big", WorkGroup="small")
    assert events.last["Status"]["State"] == "CANCELLED"
    # The workgroup decides where results go.
    assert events.last["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{BUCKET}/small/")
    assert len(events.run("SELECT max(x) FROM big")) == 1
    assert events.scanned == sum(len(body) * 50 for _ in range(3))


def test_stopping_a_query(athena):
    query_id = athena.start(
        "SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000000)) AS b(y) "
        "WHERE x * y % 7 = 3"
    )
    time.sleep(0.3)
    athena.api.stop_query_execution(QueryExecutionId=query_id)
    done = athena.wait(query_id)
    assert done["Status"]["State"] == "CANCELLED"
    with pytest.raises(ClientError, match="did not finish successfully"):
        athena.api.get_query_results(QueryExecutionId=query_id)


def test_listing_and_describing_executions(athena):
    query_id = athena.start("SELECT 1")
    athena.wait(query_id)
    assert query_id in athena.api.list_query_executions()["QueryExecutionIds"]
    batch = athena.api.batch_get_query_execution(QueryExecutionIds=[query_id, "0" * 36])
    assert [item["QueryExecutionId"] for item in batch["QueryExecutions"]] == [query_id]
    assert len(batch["UnprocessedQueryExecutionIds"]) == 1
    assert athena.api.get_query_runtime_statistics(QueryExecutionId=query_id)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"WorkGroup": "nobody"}, "WorkGroup nobody is not found"),
        ({"ResultConfiguration": {}}, "No output location provided"),
        ({"QueryString": "SELEC 1"}, "line 1:"),
        ({"QueryString": "SELECT 1; SELECT 2"}, "Only one sql statement"),
        ({"QueryString": " "}, "empty"),
        ({"QueryString": "GRANT SELECT ON x TO y"}, "not supported|line 1"),
    ],
)
def test_what_is_refused_at_the_start(athena, options, message):
    with pytest.raises(ClientError, match=message) as refused:
        athena.start(options.pop("QueryString", "SELECT 1"), **options)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


def test_an_unsigned_request_is_refused(sandbox):
    import urllib.error
    import urllib.request

    from logctl.local import sandbox as local

    running = local.find(sandbox.home / "sandbox")
    request = urllib.request.Request(
        running.athena_endpoint, b"{}", {"X-Amz-Target": "AmazonAthena.ListQueryExecutions"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 403


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT nothing FROM events", "COLUMN_NOT_FOUND: .*nothing"),
        ("SELECT * FROM nowhere", "TABLE_NOT_FOUND: Table 'awsdatacatalog.tests.nowhere'"),
        ("SELECT * FROM nobody.t", "TABLE_NOT_FOUND"),
        ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT"),
        ("DELETE FROM events WHERE id = 1", "NOT_SUPPORTED"),
        ("ALTER TABLE nowhere ADD PARTITION (x='1')", "Table not found"),
        ("SHOW PARTITIONS flat", "not a partitioned table"),
    ],
)
def test_errors_in_athenas_words(events, sql, reason):
    with pytest.raises((Failed, ClientError), match=reason):
        events.run(sql)


# ── Partitions ──────────────────────────────────────────────────────────────────────────────────────


def test_only_registered_partitions_are_seen(events):
    assert events.run("SELECT day, count(*) FROM events GROUP BY day ORDER BY day") == [
        ("01", "6"),
        ("02", "6"),
    ]
    assert events.lines("SHOW PARTITIONS events") == [
        "day=01/app=a", "day=01/app=b", "day=02/app=a", "day=02/app=b",
    ]  # fmt: skip


def test_msck_adds_what_lies_there_and_drop_removes(events):
    assert events.lines("MSCK REPAIR TABLE events")[0].startswith("Partitions not in metastore:")
    assert events.run("SELECT count(*) FROM events WHERE day = '03'") == [("6",)]
    assert events.lines("MSCK REPAIR TABLE events") == []
    events.run("ALTER TABLE events DROP IF EXISTS PARTITION (day >= '03')")
    assert events.run("SELECT count(*) FROM events WHERE day = '03'") == [("0",)]
    events.run("ALTER TABLE events DROP IF EXISTS PARTITION (day = '03', app = 'a')")
    with pytest.raises(Failed, match="Partition not found"):
        events.run("ALTER TABLE events DROP PARTITION (day = '03', app = 'a')")
    with pytest.raises(Failed, match="already exists"):
        events.run("ALTER TABLE events ADD PARTITION (day='01', app='a')")
    with pytest.raises(Failed, match="partition columns"):
        events.run("ALTER TABLE events ADD PARTITION (day='01')")


def test_a_partition_lies_where_it_says(athena):
    athena.run(EVENTS.format(name="moved"))
    athena.put("elsewhere/x/one.json", ndjson({"id": 7}))
    athena.put("elsewhere/y/_hidden.json", ndjson({"id": 8}))
    athena.put("elsewhere/y/deep/two.json", ndjson({"id": 9}))
    athena.run(
        "ALTER TABLE moved ADD PARTITION (day='01', app='a b/c=d') LOCATION 's3://athena-tests/elsewhere/x/'"
    )
    # A star is every column but the hidden ones, and that of count(*) is none.
    counted = 'WITH some AS (SELECT "$path" AS place, count(*) AS n FROM moved GROUP BY 1) SELECT * FROM some'
    assert athena.run(counted) == [("s3://athena-tests/elsewhere/x/one.json", "1")]
    assert athena.run('SELECT id, app, "$path" FROM moved') == [
        ("7", "a b/c=d", "s3://athena-tests/elsewhere/x/one.json")
    ]
    athena.run(
        "ALTER TABLE moved PARTITION (day='01', app='a b/c=d') SET LOCATION 's3://athena-tests/elsewhere/y/'"
    )
    assert athena.run("SELECT id FROM moved WHERE app LIKE 'a b%'") == [("9",)]
    athena.run(
        "ALTER TABLE moved PARTITION (day='01', app='a b/c=d') RENAME TO PARTITION (day='02', app='z')"
    )
    assert athena.run("SELECT day, app, id FROM moved") == [("02", "z", "9")]
    assert athena.run('SELECT * FROM "moved$partitions"') == [("02", "z")]


@pytest.mark.parametrize(
    ("condition", "files"),
    [
        ("day = '01'", 2),
        ("day = '01' AND app = 'a'", 1),
        ("day IN ('01', '02') AND app = 'b' AND id > 0", 2),
        ("(day = '01' AND app = 'a') OR (day = '02' AND app = 'b')", 2),
        ("day BETWEEN '02' AND '09'", 2),
        ("day > '02'", 0),
        ("id = 1", 4),
        ("concat(day, app) = '01a'", 1),
    ],
)
def test_a_predicate_on_partitions_is_what_is_paid_for(events, condition, files):
    size = max(
        item["Size"] for item in events.s3.list_objects_v2(Bucket=BUCKET, Prefix="events/")["Contents"]
    )
    events.run(f"SELECT count(*) FROM events WHERE {condition}")
    assert events.scanned <= files * size
    assert events.scanned > (files - 1) * size
    for sql in (
        f"WITH e AS (SELECT * FROM events) SELECT count(*) FROM e WHERE {condition}",
        f"SELECT count(*) FROM (SELECT day, app, id FROM events UNION ALL SELECT day, app, id FROM events WHERE false) WHERE {condition}",
    ):
        events.run(sql)
        assert (files - 1) * size < events.scanned <= files * size


def test_conditions_cross_joins_only_where_they_may(events):
    join = "SELECT count(*), count(r.id) FROM events l {} JOIN events r ON l.day = r.day AND l.app = r.app AND l.id = r.id WHERE {}"
    assert events.run(join.format("LEFT", "l.day = '01' AND l.app = 'a'")) == [("3", "3")]
    one = events.scanned
    assert events.run(join.format("LEFT", "r.day IS NULL")) == [("0", "0")]
    assert events.run(join.format("", "r.day = '01' AND l.app = 'a'")) == [("3", "3")]
    assert events.run(
        "SELECT count(*) FROM events l LEFT JOIN (SELECT * FROM events WHERE day = '01') r "
        "ON l.day = r.day AND l.app = r.app AND l.id = r.id WHERE r.id IS NULL"
    ) == [("6",)]
    assert events.run(
        "SELECT day, n FROM (SELECT day, count(*) OVER () AS n FROM events) WHERE day = '01' LIMIT 1"
    ) == [("01", "12")]
    assert events.run(
        "SELECT day, n FROM (SELECT day, count(*) AS n FROM events GROUP BY day) WHERE day = '01'"
    ) == [("01", "6")]
    assert one < 400 * 2


# ── Projection ──────────────────────────────────────────────────────────────────────────────────────


def test_projection(athena):
    athena.run(
        """CREATE EXTERNAL TABLE projected (id int) PARTITIONED BY (kind string, n int, day string, app string)
        ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://athena-tests/projected/'
        TBLPROPERTIES (
          'projection.enabled'='true',
          'projection.kind.type'='enum', 'projection.kind.values'='x,y',
          'projection.n.type'='integer', 'projection.n.range'='1,3', 'projection.n.digits'='2',
          'projection.day.type'='date', 'projection.day.range'='2026-02-27,2026-03-02', 'projection.day.format'='yyyy-MM-dd',
          'projection.app.type'='injected',
          'storage.location.template'='s3://athena-tests/projected/${kind}/${n}/${day}/${app}/')"""
    )
    athena.put("projected/x/02/2026-03-01/web/a.json", ndjson({"id": 1}, {"id": 2}))
    athena.put("projected/y/03/2026-02-28/web/a.json", ndjson({"id": 3}))
    athena.put("projected/z/03/2026-02-28/web/a.json", ndjson({"id": 4}))
    athena.put("projected/y/03/2026-03-28/web/a.json", ndjson({"id": 5}))
    assert athena.run("SELECT kind, n, day, id FROM projected WHERE app = 'web' ORDER BY id") == [
        ("x", "2", "2026-03-01", "1"), ("x", "2", "2026-03-01", "2"), ("y", "3", "2026-02-28", "3"),
    ]  # fmt: skip
    assert athena.run("SELECT count(*) FROM projected WHERE app IN ('web', 'db') AND kind = 'y'") == [("1",)]
    with pytest.raises(Failed, match="CONSTRAINT_VIOLATION: For the injected projected partition column app"):
        athena.run("SELECT count(*) FROM projected")
    # What somebody registers is ignored.
    athena.run("ALTER TABLE projected ADD PARTITION (kind='z', n='03', day='2026-02-28', app='web')")
    assert athena.run("SELECT count(*) FROM projected WHERE app = 'web'") == [("3",)]


# ── Formats ─────────────────────────────────────────────────────────────────────────────────────────


def json_table(
    athena: Athena, name: str, properties: str = "", serde: str = "org.openx.data.jsonserde.JsonSerDe"
) -> None:
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (level string, n bigint, fields string) ROW FORMAT SERDE '{serde}' "
        f"{properties} LOCATION 's3://athena-tests/{name}/'"
    )


def test_malformed_lines_fail_or_are_rows_of_nulls(athena):
    body = b'{"level": "INFO", "n": 1}\n{"level": "WARN", "n": \n{"level": "ERROR", "n": 3}\n'
    json_table(athena, "strict_json")
    athena.put("strict_json/a.json", body)
    with pytest.raises(Failed, match="HIVE_CURSOR_ERROR: Row is not a valid JSON Object"):
        athena.run("SELECT * FROM strict_json")
    json_table(athena, "lenient_json", "WITH SERDEPROPERTIES ('ignore.malformed.json'='true')")
    athena.put("lenient_json/a.json.gz", gzip.compress(body))
    assert athena.run("SELECT level, n FROM lenient_json") == [("INFO", "1"), (None, None), ("ERROR", "3")]


def test_gzip_zstd_and_plain_side_by_side(athena):
    import zstandard

    json_table(athena, "packed")
    athena.put("packed/a.json", ndjson({"level": "a"}))
    athena.put("packed/b.json.gz", gzip.compress(ndjson({"level": "b"})))
    athena.put("packed/c.json.zst", zstandard.compress(ndjson({"level": "c"})))
    assert athena.run("SELECT level FROM packed ORDER BY 1") == [("a",), ("b",), ("c",)]


def test_keys_in_other_cases_and_under_other_names(athena):
    json_table(athena, "cases", "WITH SERDEPROPERTIES ('mapping.n'='@number')")
    athena.put("cases/a.json", ndjson({"Level": "INFO", "@number": 5, "FIELDS": {"Msg": 1, "msg": 2}}))
    assert athena.run("SELECT level, n, fields FROM cases") == [("INFO", "5", '{"Msg":1,"msg":2}')]
    assert athena.run(
        "SELECT json_extract_scalar(fields, '$.Msg'), json_extract_scalar(fields, '$.msg') FROM cases"
    ) == [("1", "2")]


def test_columns_added_later_are_null_in_old_partitions_and_other_types_are_refused(athena):
    athena.run(EVENTS.format(name="evolving"))
    athena.put("evolving/day=01/app=a/one.json", ndjson({"id": 1, "added": "here all along"}))
    athena.put("evolving/day=02/app=a/one.json", ndjson({"id": 2, "added": "new"}))
    athena.run("ALTER TABLE evolving ADD PARTITION (day='01', app='a')")
    athena.run("ALTER TABLE evolving ADD COLUMNS (added string)")
    athena.run("ALTER TABLE evolving ADD PARTITION (day='02', app='a')")
    assert athena.run("SELECT id, added FROM evolving ORDER BY id") == [("1", None), ("2", "new")]
    table = athena.glue.get_table(DatabaseName="tests", Name="evolving")["Table"]
    columns = [
        {**c, "Type": "int"} if c["Name"] == "name" else c for c in table["StorageDescriptor"]["Columns"]
    ]
    kept = {key: table[key] for key in ("Name", "PartitionKeys", "TableType", "Parameters")}
    athena.glue.update_table(
        DatabaseName="tests",
        TableInput={**kept, "StorageDescriptor": {**table["StorageDescriptor"], "Columns": columns}},
    )
    with pytest.raises(Failed, match="HIVE_PARTITION_SCHEMA_MISMATCH"):
        athena.run("SELECT id FROM evolving")


def test_delimited_text(athena):
    athena.run(
        "CREATE EXTERNAL TABLE text (a int, b string, c array<int>, d map<string,int>) ROW FORMAT DELIMITED "
        "FIELDS TERMINATED BY '\\t' COLLECTION ITEMS TERMINATED BY ',' MAP KEYS TERMINATED BY ':' "
        "LOCATION 's3://athena-tests/text/' TBLPROPERTIES ('skip.header.line.count'='1')"
    )
    athena.put("text/a.tsv", "a\tb\tc\td\n1\tone\t1,2\tk:1,l:2\nx\t\\N\t\\N\t\\N\n")
    assert athena.run("SELECT * FROM text") == [
        ("1", "one", "[1, 2]", "{k=1, l=2}"),
        (None, None, None, None),
    ]
    athena.run(
        "CREATE EXTERNAL TABLE csv (a string, b string) ROW FORMAT SERDE "
        "'org.apache.hadoop.hive.serde2.OpenCSVSerde' LOCATION 's3://athena-tests/csv/'"
    )
    athena.put("csv/a.csv", '"1","x, y"\n2,z\n')
    assert athena.run("SELECT * FROM csv") == [("1", "x, y"), ("2", "z")]


# ── Tables made of queries ──────────────────────────────────────────────────────────────────────────


def test_ctas_insert_and_the_bytes_of_parquet(events):
    made = events.run(
        "CREATE TABLE copied WITH (format = 'PARQUET', write_compression = 'ZSTD', partitioned_by = ARRAY['day'], "
        "external_location = 's3://athena-tests/copied/') AS SELECT id, name, attributes, place, app, day FROM events"
    )
    assert made == []
    assert events.last["StatementType"] == "DDL"
    assert events.last["SubstatementType"] == "CREATE_TABLE_AS_SELECT"
    manifest = events.last["Statistics"]["DataManifestLocation"]
    listed = (
        events.s3.get_object(Bucket=BUCKET, Key=manifest.split("/", 3)[3])["Body"].read().decode().split()
    )
    assert sorted(url.split("/", 3)[3] for url in listed) == sorted(events.keys("copied/"))
    assert events.lines("SHOW PARTITIONS copied") == ["day=01", "day=02"]
    assert events.run("SELECT count(*), sum(id) FROM copied WHERE day = '02'") == [("6", "6")]
    assert events.run("SELECT place.city, attributes['k'] FROM copied WHERE id = 2 LIMIT 1") == [
        ("Bern", "2")
    ]
    events.run("INSERT INTO copied SELECT 9, 'nine', attributes, place, app, '03' FROM events LIMIT 1")
    assert events.lines("SHOW PARTITIONS copied") == ["day=01", "day=02", "day=03"]
    assert events.run("SELECT id, name FROM copied WHERE day = '03'") == [("9", "nine")]
    events.run("INSERT INTO copied (id, day) VALUES (10, '03'), (11, '04')")
    assert events.run("SELECT id, name FROM copied WHERE id > 9 ORDER BY id") == [("10", None), ("11", None)]
    with pytest.raises(Failed, match="TYPE_MISMATCH"):
        events.run("INSERT INTO copied SELECT 'x', name, attributes, place, app, day FROM events")


def test_columns_and_row_groups_are_what_parquet_costs(athena):
    athena.run(
        "CREATE TABLE wide WITH (format = 'PARQUET', write_compression = 'ZSTD', "
        "external_location = 's3://athena-tests/wide/') AS "
        "SELECT n, to_hex(sha256(to_utf8(CAST(n AS varchar)))) AS noise FROM UNNEST(sequence(1, 9000)) AS t(n)"
    )
    (item,) = athena.s3.list_objects_v2(Bucket=BUCKET, Prefix="wide/")["Contents"]
    assert athena.run("SELECT sum(n) FROM wide") == [("40504500",)]
    narrow = athena.scanned
    athena.run("SELECT max(noise) FROM wide")
    assert 0 < narrow < item["Size"] / 4 < athena.scanned <= item["Size"]


def test_ctas_says_no(events):
    select = "AS SELECT id, day FROM events"
    with pytest.raises(Failed, match="already exists"):
        events.run(f"CREATE TABLE events {select}")
    with pytest.raises(Failed, match="last columns"):
        events.run("CREATE TABLE no1 WITH (partitioned_by = ARRAY['day']) AS SELECT day, id FROM events")
    with pytest.raises(Failed, match="Column name not specified"):
        events.run("CREATE TABLE no2 AS SELECT count(*) FROM events")
    with pytest.raises(Failed, match="100 open writers"):
        events.run(
            "CREATE TABLE no3 WITH (partitioned_by = ARRAY['n']) AS SELECT 1 AS x, n FROM UNNEST(sequence(1, 101)) AS t(n)"
        )
    with pytest.raises(Failed, match="enforces a centralized output location"):
        events.run(
            f"CREATE TABLE no4 WITH (external_location = 's3://athena-tests/no4/') {select}",
            WorkGroup="small",
        )
    with pytest.raises(Failed, match="NOT_SUPPORTED"):
        events.run(f"CREATE TABLE no5 WITH (format = 'ORC') {select}")
    with pytest.raises(Failed, match="HIVE_PATH_ALREADY_EXISTS"):
        events.run(f"CREATE TABLE no6 WITH (external_location = 's3://athena-tests/events/') {select}")
    assert [name for (name,) in events.run("SHOW TABLES 'no*'")] == []


def test_unload(events):
    events.run(
        "UNLOAD (SELECT id, name, day FROM events WHERE day = '01') TO 's3://athena-tests/unloaded/' "
        "WITH (format = 'JSON', compression = 'gzip', partitioned_by = ARRAY['day'])"
    )
    (key,) = events.keys("unloaded/")
    assert key.startswith("unloaded/day=01/")
    body = gzip.decompress(events.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    assert len(body.splitlines()) == 6
    with pytest.raises(Failed, match="HIVE_PATH_ALREADY_EXISTS"):
        events.run("UNLOAD (SELECT 1 AS x) TO 's3://athena-tests/unloaded/' WITH (format = 'PARQUET')")
    unload = (
        "UNLOAD (SELECT id FROM events WHERE day = ?) TO 's3://athena-tests/by-day/' WITH (format = 'JSON')"
    )
    events.run(unload, ExecutionParameters=["'01'"])
    assert events.s3.list_objects_v2(Bucket=BUCKET, Prefix="by-day/")["KeyCount"] >= 1


def test_views(events):
    events.run("CREATE VIEW days AS SELECT day, app, count(*) AS n FROM events GROUP BY day, app")
    assert events.run("SELECT * FROM days WHERE day = '01' AND app = 'a'") == [("01", "a", "3")]
    size = max(
        item["Size"] for item in events.s3.list_objects_v2(Bucket=BUCKET, Prefix="events/")["Contents"]
    )
    assert events.scanned <= size
    stored = events.glue.get_table(DatabaseName="tests", Name="days")["Table"]
    assert stored["TableType"] == "VIRTUAL_VIEW"
    assert stored["ViewOriginalText"].startswith("/* Presto View: ")
    with pytest.raises(Failed, match="already exists"):
        events.run("CREATE VIEW days AS SELECT 1 AS x")
    events.run("CREATE OR REPLACE VIEW days AS SELECT day FROM events")
    assert events.run("SELECT DISTINCT d.day FROM days d ORDER BY 1") == [("01",), ("02",)]
    assert events.lines("SHOW VIEWS") == ["days"]
    assert events.lines("SHOW CREATE VIEW days") == ['CREATE VIEW "days" AS', "SELECT day FROM events"]
    assert events.run("SELECT table_type FROM information_schema.tables WHERE table_name = 'days'") == [
        ("VIEW",)
    ]
    events.run("DROP VIEW days")
    events.run("DROP VIEW IF EXISTS days")
    with pytest.raises(Failed, match="does not exist"):
        events.run("DROP VIEW days")


def test_names_of_with_queries_hide_tables_but_not_inside_themselves(events):
    assert events.run(
        "WITH events AS (SELECT id FROM tests.events WHERE day = '01') SELECT count(*) FROM events"
    ) == [("6",)]
    assert events.run(
        "WITH events AS (SELECT id FROM events WHERE day = '01') SELECT count(*) FROM events"
    ) == [("6",)]


# ── Looking ─────────────────────────────────────────────────────────────────────────────────────────


def test_show_and_describe(events):
    assert "events" in events.lines("SHOW TABLES")
    assert events.lines("SHOW TABLES IN tests 'event*'") == ["events"]
    assert "tests" in events.lines("SHOW DATABASES")
    assert [line.split()[:2] for line in events.lines("DESCRIBE events")][:2] == [
        ["id", "int"],
        ["name", "string"],
    ]
    assert [line.strip() for line in events.lines("SHOW COLUMNS IN events")][-2:] == ["day", "app"]
    statement = "\n".join(events.lines("SHOW CREATE TABLE events"))
    assert statement.startswith("CREATE EXTERNAL TABLE `tests.events`(")
    assert "LOCATION\n  's3://athena-tests/events'" in statement
    events.run("ALTER TABLE events SET TBLPROPERTIES ('note'='it''s')")
    assert "note\tit's" in events.lines("SHOW TBLPROPERTIES events")
    assert events.run(
        "SELECT column_name, data_type, extra_info FROM information_schema.columns WHERE table_name = 'events' "
        "AND ordinal_position IN (1, 8) ORDER BY ordinal_position"
    ) == [("id", "integer", None), ("day", "varchar", "partition key")]
    assert events.api.get_table_metadata(
        CatalogName="AwsDataCatalog", DatabaseName="tests", TableName="events"
    )["TableMetadata"]["PartitionKeys"] == [
        {"Name": "day", "Type": "string"},
        {"Name": "app", "Type": "string"},
    ]
    assert events.lines("EXPLAIN SELECT count(*) FROM events")
    assert events.scanned == 0


def test_what_show_create_table_says_makes_the_same_table(events):
    statement = "\n".join(events.lines("SHOW CREATE TABLE events")).replace("tests.events", "tests`.`again")
    events.run(statement)
    assert events.run("SELECT count(*) FROM again") == [("0",)]
    events.run("DROP TABLE again")
    with pytest.raises(Failed, match="TABLE_NOT_FOUND"):
        events.run("SELECT * FROM again")


def test_the_database_of_a_query_may_stand_in_backticks(events):
    assert events.run("SELECT count(*) FROM events", QueryExecutionContext={"Database": "`tests`"}) == [
        ("12",)
    ]


def test_databases_come_and_go(athena):
    athena.run("CREATE DATABASE other COMMENT 'x' LOCATION 's3://athena-tests/other/'")
    with pytest.raises(Failed, match="already exists"):
        athena.run("CREATE DATABASE other")
    athena.run("CREATE EXTERNAL TABLE other.t (x int) LOCATION 's3://athena-tests/other/t/'")
    with pytest.raises(Failed, match="not empty"):
        athena.run("DROP DATABASE other")
    athena.run("DROP DATABASE other CASCADE")
    athena.run("DROP DATABASE IF EXISTS other")
    assert "other" not in athena.lines("SHOW DATABASES")


def test_other_tools_need_the_environment_and_nothing_else(sandbox, events):
    """PyAthena in a process of its own, with what `local env` exports."""
    import subprocess
    import sys

    script = (
        "from pyathena import connect\n"
        "from pyathena.cursor import DictCursor\n"
        f"cursor = connect(s3_staging_dir='s3://{BUCKET}/pyathena/', schema_name='tests').cursor(DictCursor)\n"
        "cursor.execute('SELECT id, price, tags FROM events WHERE day = %(day)s AND id = 2', {'day': '01'})\n"
        "print(cursor.fetchall(), cursor.data_scanned_in_bytes > 0)\n"
    )
    exports = "\n".join(sandbox.run("local", "env").out.splitlines())
    done = subprocess.run(
        ["bash", "-c", f'{exports}\n{sys.executable} -c "$0"', script],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(sandbox.home)},
        check=False,
    )
    assert done.stdout.strip() == (
        "[{'id': 2, 'price': Decimal('2.50'), 'tags': ['x', 'y']}, "
        "{'id': 2, 'price': Decimal('2.50'), 'tags': ['x', 'y']}] True"
    ), done.stderr
