"""Functions and queries with the results that Trino's and Athena's documentation give.

`python -m tests.athena.test_functions` prints docs/athena-functions.md, which is made from these examples.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from logctl.local.athena.syntax.athena_sql import AthenaSql
from logctl.local.athena.translation.function_table import FUNCTIONS
from logctl.local.athena.translation.translate import to_duckdb
from tests.athena.engine import Engine, Failed, engine

CASES: dict[str, list[tuple[str, str | None]]] = {
    "Operators": [
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("7 / 2e0", "3.5"),
        ("7 % 4", "3"),
        ("'a' || 'b'", "ab"),
        ("'a' || NULL", None),
        ("NULL IS DISTINCT FROM 1", "true"),
        ("1 BETWEEN 0 AND 2", "true"),
        ("'abc' LIKE 'a%'", "true"),
        ("'a%c' LIKE 'a!%c' ESCAPE '!'", "true"),
        ("DECIMAL '1.230'", "1.230"),
        ("CAST(DECIMAL '0.00000000001' AS decimal(38, 11))", "0.00000000001"),
        ("0.1 + 0.2", "0.3"),
        ("1e10", "1.0E10"),
        ("CAST(5 AS real)", "5.0"),
        ("CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END", "b"),
    ],
    "Conversion": [
        ("CAST('12' AS integer)", "12"),
        ("TRY_CAST('x' AS integer)", None),
        ("TRY(CAST('x' AS integer))", None),
        ("CAST(TIMESTAMP '2026-01-31 08:15:00.250' AS varchar)", "2026-01-31 08:15:00.250"),
        ("CAST('abcdef' AS varchar(3))", "abc"),
        ("CAST(true AS varchar)", "true"),
        ("typeof(1)", "integer"),
        ("typeof('a')", "varchar(1)"),
        ("typeof(1.5e0)", "double"),
        ("format_datetime(TIMESTAMP '2026-01-31 08:15:00', 'yyyy-MM-dd HH:mm')", "2026-01-31 08:15"),
    ],
    "Conditional": [
        ("coalesce(NULL, 2)", "2"),
        ("nullif(1, 1)", None),
        ("if(1 > 0, 'yes', 'no')", "yes"),
        ("if(false, 1)", None),
        ("greatest(1, 3, 2)", "3"),
        ("greatest(1, NULL)", None),
        ("least(1, 3)", "1"),
    ],
    "Mathematical": [
        ("abs(-1)", "1"),
        ("ceil(1.2e0)", "2.0"),
        ("ceiling(1.2e0)", "2.0"),
        ("floor(-1.2e0)", "-2.0"),
        ("round(2.5e0)", "3.0"),
        ("round(2.345, 2)", "2.350"),
        ("truncate(2.7e0)", "2.0"),
        ("mod(7, 4)", "3"),
        ("power(2, 10)", "1024.0"),
        ("sqrt(16)", "4.0"),
        ("round(cbrt(27), 9)", "3.0"),
        ("exp(0)", "1.0"),
        ("ln(1)", "0.0"),
        ("log2(8)", "3.0"),
        ("log10(100)", "2.0"),
        ("round(log(3, 9), 9)", "2.0"),
        ("sign(-5)", "-1"),
        ("degrees(0)", "0.0"),
        ("is_nan(nan())", "true"),
        ("is_finite(infinity())", "false"),
        ("is_infinite(infinity())", "true"),
        ("infinity()", "Infinity"),
        ("from_base('ff', 16)", "255"),
        ("round(pi(), 2)", "3.14"),
        ("rand() < 1", "true"),
        ("bitwise_and(19, 25)", "17"),
        ("bitwise_or(19, 25)", "27"),
        ("bitwise_xor(19, 25)", "10"),
        ("bitwise_not(19)", "-20"),
        ("bitwise_left_shift(1, 2)", "4"),
        ("bitwise_right_shift(8, 3)", "1"),
    ],
    "String": [
        ("chr(65)", "A"),
        ("codepoint('A')", "65"),
        ("concat('a', 'b', 'c')", "abc"),
        ("concat('a', NULL)", None),
        ("concat_ws(',', 'a', NULL, 'b')", "a,b"),
        ("hamming_distance('abc', 'abd')", "1"),
        ("length('abc')", "3"),
        ("levenshtein_distance('kitten', 'sitting')", "3"),
        ("lower('ABC')", "abc"),
        ("lpad('abc', 5, 'x')", "xxabc"),
        ("lpad('abc', 2, 'x')", "ab"),
        ("ltrim('  a')", "a"),
        ("normalize('a')", "a"),
        ("position('b' IN 'abc')", "2"),
        ("replace('abcb', 'b', 'x')", "axcx"),
        ("reverse('abc')", "cba"),
        ("rpad('abc', 5, 'x')", "abcxx"),
        ("rtrim('a  ')", "a"),
        ("split('a,b,c', ',')", "[a, b, c]"),
        ("split('a,b,c', ',', 2)", "[a, b,c]"),
        ("split_part('a,b,c', ',', 2)", "b"),
        ("split_part('a,b,c', ',', 9)", None),
        ("split_to_map('a=1,b=2', ',', '=')", "{a=1, b=2}"),
        ("starts_with('abc', 'ab')", "true"),
        ("strpos('abcb', 'b')", "2"),
        ("substr('abcdef', 2, 3)", "bcd"),
        ("substr('abcdef', -2)", "ef"),
        ("substr('abcdef', 0)", ""),
        ("substring('abcdef' FROM 2 FOR 3)", "bcd"),
        ("translate('abcd', 'ad', 'xy')", "xbcy"),
        ("trim('  a ')", "a"),
        ("trim(BOTH 'x' FROM 'xax')", "a"),
        ("upper('abc')", "ABC"),
    ],
    "Regular expressions": [
        ("regexp_like('1a 2b', '\\d+b')", "true"),
        ("regexp_extract('1a 2b 14m', '(\\d+)([a-z]+)', 2)", "a"),
        ("regexp_extract('1a 2b 14m', '\\d+')", "1"),
        ("regexp_extract('abc', '\\d+')", None),
        ("regexp_extract_all('1a 2b 14m', '\\d+')", "[1, 2, 14]"),
        ("regexp_extract_all('1a 2b 14m', '(\\d+)([a-z]+)', 2)", "[a, b, m]"),
        ("regexp_replace('1a 2b 14m', '\\d+[ab] ')", "14m"),
        ("regexp_replace('1a 2b 14m', '(\\d+)([ab]) ', '3c$2 ')", "3ca 3cb 14m"),
        ("regexp_split('1a 2b 14m', '\\s*[a-z]+\\s*')", "[1, 2, 14, ]"),
        ("regexp_count('1a 2b 14m', '\\s*[a-z]+\\s*')", "3"),
    ],
    "Binary": [
        ("to_hex(to_utf8('abc'))", "616263"),
        ("from_utf8(from_hex('616263'))", "abc"),
        ("to_base64(to_utf8('abc'))", "YWJj"),
        ("from_utf8(from_base64('YWJj'))", "abc"),
        ("to_hex(md5(to_utf8('a')))", "0CC175B9C0F1B6A831C399E269772661"),
        ("to_hex(sha1(to_utf8('a')))", "86F7E437FAA5A7FCE15D1DDCB9EAEAEA377667B8"),
        (
            "to_hex(sha256(to_utf8('a')))",
            "CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB",
        ),
        ("to_utf8('ab')", "61 62"),
    ],
    "JSON": [
        ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a.b')", "1"),
        ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a')", None),
        ('json_extract_scalar(\'{"a b": "x"}\', \'$["a b"]\')', "x"),
        ("json_extract_scalar('{\"Msg\": 1, \"msg\": 2}', '$.Msg')", "1"),
        ("json_extract_scalar('no json', '$.a')", None),
        ("json_extract('{\"a\": [1, 2]}', '$.a')", "[1,2]"),
        ("json_extract_scalar('[1, 2]', '$[1]')", "2"),
        ("json_array_length('[1, 2, 3]')", "3"),
        ("json_array_contains('[1, 2, 3]', 2)", "true"),
        ('json_size(\'{"x": {"a": 1, "b": 2}}\', \'$.x\')', "2"),
        ("json_format(json_parse('{\"a\": 1}'))", '{"a":1}'),
        ("is_json_scalar(json_parse('1'))", "true"),
        ("CAST(json_parse('[1, 2]') AS array(integer))", "[1, 2]"),
        ("CAST(json_parse('{\"a\": 1}') AS map(varchar, integer))", "{a=1}"),
        ("CAST(json_extract('{\"a\": \"x\"}', '$.a') AS varchar)", "x"),
        ("json_format(CAST('abc' AS json))", '"abc"'),
    ],
    "Date and time": [
        ("from_iso8601_timestamp('2026-01-31T08:15:00.250Z')", "2026-01-31 08:15:00.250 UTC"),
        ("from_iso8601_date('2026-01-31')", "2026-01-31"),
        ("to_iso8601(from_iso8601_timestamp('2026-01-31T08:15:00.250Z'))", "2026-01-31T08:15:00.250Z"),
        ("date('2026-01-31')", "2026-01-31"),
        ("date_trunc('hour', TIMESTAMP '2026-01-31 08:15:00')", "2026-01-31 08:00:00.000"),
        ("date_trunc('month', DATE '2026-01-31')", "2026-01-01"),
        ("date_add('day', 1, DATE '2026-01-31')", "2026-02-01"),
        ("date_add('month', -1, TIMESTAMP '2026-03-31 00:00:00')", "2026-02-28 00:00:00.000"),
        ("date_diff('day', DATE '2026-01-31', DATE '2026-02-02')", "2"),
        ("date_diff('hour', TIMESTAMP '2026-01-31 08:59:00', TIMESTAMP '2026-01-31 10:00:00')", "1"),
        ("date_format(TIMESTAMP '2026-01-31 08:05:09', '%Y-%m-%d %H:%i:%s')", "2026-01-31 08:05:09"),
        ("date_parse('2026-01-31 08:05', '%Y-%m-%d %H:%i')", "2026-01-31 08:05:00.000"),
        ("parse_datetime('2026-01-31 08:05', 'yyyy-MM-dd HH:mm')", "2026-01-31 08:05:00.000 UTC"),
        ("from_unixtime(1769847300)", "2026-01-31 08:15:00.000 UTC"),
        ("to_unixtime(TIMESTAMP '2026-01-31 08:15:00')", "1.7698473E9"),
        ("year(DATE '2026-01-31')", "2026"),
        ("quarter(DATE '2026-04-01')", "2"),
        ("month(DATE '2026-01-31')", "1"),
        ("week(DATE '2026-01-31')", "5"),
        ("day(DATE '2026-01-31')", "31"),
        ("day_of_week(DATE '2026-02-01')", "7"),
        ("day_of_year(DATE '2026-02-01')", "32"),
        ("hour(TIMESTAMP '2026-01-31 08:15:00')", "8"),
        ("minute(TIMESTAMP '2026-01-31 08:15:00')", "15"),
        ("second(TIMESTAMP '2026-01-31 08:15:09.5')", "9"),
        ("millisecond(TIMESTAMP '2026-01-31 08:15:09.250')", "250"),
        ("extract(YEAR FROM DATE '2026-01-31')", "2026"),
        ("last_day_of_month(DATE '2026-02-03')", "2026-02-28"),
        ("DATE '2026-01-31' < current_date OR current_timestamp > now() - INTERVAL '1' DAY", "true"),
        ("CAST(localtimestamp AS date) = current_date", "true"),
        ("TIMESTAMP '2026-01-31 08:15:00' + INTERVAL '2' DAY", "2026-02-02 08:15:00.000"),
        ("year_of_week(DATE '2027-01-01')", "2026"),
    ],
    "Array": [
        ("ARRAY[1, 2][1]", "1"),
        ("ARRAY[1, 2] || ARRAY[3]", "[1, 2, 3]"),
        ("element_at(ARRAY[1, 2], 5)", None),
        ("element_at(ARRAY[1, 2], -1)", "2"),
        ("cardinality(ARRAY[1, 2, 3])", "3"),
        ("contains(ARRAY[1, 2], 2)", "true"),
        ("array_distinct(ARRAY[3, 1, 3])", "[3, 1]"),
        ("array_except(ARRAY[1, 2, 3], ARRAY[2])", "[1, 3]"),
        ("array_intersect(ARRAY[1, 2], ARRAY[2, 3])", "[2]"),
        ("array_union(ARRAY[1, 2], ARRAY[2, 3])", "[1, 2, 3]"),
        ("array_join(ARRAY['a', NULL, 'b'], '-')", "a-b"),
        ("array_join(ARRAY['a', NULL, 'b'], '-', '?')", "a-?-b"),
        ("array_max(ARRAY[1, 3, 2])", "3"),
        ("array_min(ARRAY[1, 3, 2])", "1"),
        ("array_position(ARRAY['a', 'b'], 'b')", "2"),
        ("array_position(ARRAY['a'], 'z')", "0"),
        ("array_remove(ARRAY[1, 2, 1], 1)", "[2]"),
        ("array_sort(ARRAY[3, NULL, 1])", "[1, 3, null]"),
        ("arrays_overlap(ARRAY[1, 2], ARRAY[2])", "true"),
        ("flatten(ARRAY[ARRAY[1], ARRAY[2, 3]])", "[1, 2, 3]"),
        ("repeat(7, 2)", "[7, 7]"),
        ("reverse(ARRAY[1, 2])", "[2, 1]"),
        ("sequence(1, 4)", "[1, 2, 3, 4]"),
        ("sequence(5, 1, -2)", "[5, 3, 1]"),
        ("slice(ARRAY[1, 2, 3, 4], 2, 2)", "[2, 3]"),
        ("slice(ARRAY[1, 2, 3, 4], -2, 2)", "[3, 4]"),
        ("zip(ARRAY[1], ARRAY['a'])", "[{field0=1, field1=a}]"),
        ("ROW(1, 'a')", "{field0=1, field1=a}"),
        ("CAST(ROW(1, 'a') AS ROW(x integer, y varchar)).y", "a"),
        ("CAST(ARRAY[ROW(ROW(1), 'a')] AS array(row(x row(z integer), y varchar)))", "[{x={z=1}, y=a}]"),
    ],
    "Lambda": [
        ("transform(ARRAY[1, 2], x -> x * 2)", "[2, 4]"),
        ("filter(ARRAY[1, 2, 3], x -> x > 1)", "[2, 3]"),
        ("reduce(ARRAY[5, 20, 50], 0, (s, x) -> s + x, s -> s)", "75"),
        ("reduce(ARRAY[5, 20], 1, (s, x) -> s * x, s -> s / 2)", "50"),
        ("any_match(ARRAY[1, 2], x -> x > 1)", "true"),
        ("all_match(ARRAY[1, 2], x -> x > 1)", "false"),
        ("none_match(ARRAY[1, 2], x -> x > 2)", "true"),
        ("zip_with(ARRAY[1, 2], ARRAY[10, 20], (x, y) -> x + y)", "[11, 22]"),
        ("map_filter(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1)", "{b=2}"),
        ("transform_values(MAP(ARRAY['a'], ARRAY[1]), (k, v) -> v + 1)", "{a=2}"),
        ("transform_keys(MAP(ARRAY['a'], ARRAY[1]), (k, v) -> upper(k))", "{A=1}"),
    ],
    "Map": [
        ("MAP(ARRAY['a', 'b'], ARRAY[1, 2])", "{a=1, b=2}"),
        ("MAP(ARRAY['a'], ARRAY[1])['a']", "1"),
        ("element_at(MAP(ARRAY['a'], ARRAY[1]), 'z')", None),
        ("cardinality(MAP(ARRAY['a', 'b'], ARRAY[1, 2]))", "2"),
        ("map_keys(MAP(ARRAY['a'], ARRAY[1]))", "[a]"),
        ("map_values(MAP(ARRAY['a'], ARRAY[1]))", "[1]"),
        ("map_concat(MAP(ARRAY['a'], ARRAY[1]), MAP(ARRAY['b'], ARRAY[2]))", "{a=1, b=2}"),
        ("map_from_entries(ARRAY[ROW('a', 1)])", "{a=1}"),
    ],
    "URL": [
        ("url_extract_host('https://u@example.com:8080/p/a?q=1&r=x%20y#f')", "example.com"),
        ("url_extract_port('https://example.com:8080/p')", "8080"),
        ("url_extract_path('https://example.com/p/a?q=1')", "/p/a"),
        ("url_extract_protocol('https://example.com/p')", "https"),
        ("url_extract_query('https://example.com/p?q=1&r=2')", "q=1&r=2"),
        ("url_extract_fragment('https://example.com/p#f')", "f"),
        ("url_extract_parameter('https://example.com/p?q=1&r=x%20y', 'r')", "x y"),
        ("url_extract_parameter('https://example.com/p?q=1', 'z')", None),
        ("url_encode('a b/ü')", "a+b%2F%C3%BC"),
        ("url_decode('a+b%2F')", "a b/"),
    ],
}
"""Section: expressions, and what Athena's result file has for them."""

ROWS = "(VALUES (1, 'a', 10), (2, 'b', 20), (3, 'a', NULL)) AS t(n, k, v)"
AGGREGATE_CASES: dict[str, list[tuple[str, str | None]]] = {
    "Aggregate": [
        ("count(*)", "3"),
        ("count(v)", "2"),
        ("count(DISTINCT k)", "2"),
        ("count_if(v > 10)", "1"),
        ("sum(v)", "30"),
        ("avg(v)", "15.0"),
        ("min(k)", "a"),
        ("max(n) FILTER (WHERE k = 'a')", "3"),
        ("max_by(k, n)", "a"),
        ("min_by(k, n)", "a"),
        ("max_by(n, n, 2)", "[3, 2]"),
        ("arbitrary(v) IS NOT NULL", "true"),
        ("any_value(v) IS NOT NULL", "true"),
        ("array_agg(n ORDER BY n DESC)", "[3, 2, 1]"),
        ("listagg(k, ',') WITHIN GROUP (ORDER BY n)", "a,b,a"),
        ("map_agg(n, k)", "{1=a, 2=b, 3=a}"),
        ("histogram(k)", "{a=2, b=1}"),
        ("approx_distinct(k)", "2"),
        ("approx_percentile(n, 0.5)", "2"),
        ("approx_percentile(n, ARRAY[0.5, 0.9])", "[2, 3]"),
        ("bool_and(n > 0)", "true"),
        ("bool_or(n > 2)", "true"),
        ("every(n > 1)", "false"),
        ("stddev(n)", "1.0"),
        ("variance(n)", "1.0"),
        ("var_pop(n) < 1", "true"),
        ("corr(n, n)", "1.0"),
        ("round(geometric_mean(n), 3)", "1.817"),
        ("bitwise_or_agg(n)", "3"),
        ("checksum(k) IS NOT NULL", "true"),
    ],
}

QUERIES: list[tuple[str, list[list[str | None]]]] = [
    ("SELECT k, sum(n) FROM {rows} GROUP BY k ORDER BY k", [["a", "4"], ["b", "2"]]),
    ("SELECT k, sum(n) FROM {rows} GROUP BY ROLLUP (k) ORDER BY k", [["a", "4"], ["b", "2"], [None, "6"]]),
    ("SELECT v FROM {rows} ORDER BY v DESC", [["20"], ["10"], [None]]),
    ("SELECT n FROM {rows} ORDER BY n OFFSET 1 LIMIT 1", [["2"]]),
    ("SELECT n FROM {rows} ORDER BY n OFFSET 1 ROW FETCH FIRST 1 ROW ONLY", [["2"]]),
    (
        "SELECT n, row_number() OVER (PARTITION BY k ORDER BY n DESC), lag(n) OVER (ORDER BY n), "
        "last_value(v) IGNORE NULLS OVER (ORDER BY n), rank() OVER (ORDER BY k) FROM {rows} ORDER BY n",
        [["1", "2", None, "10", "1"], ["2", "1", "1", "20", "3"], ["3", "1", "2", "20", "1"]],
    ),
    ("SELECT u.x FROM (VALUES 1) CROSS JOIN UNNEST(ARRAY['a', 'b']) AS u(x) ORDER BY 1", [["a"], ["b"]]),
    (
        "SELECT u.x, u.place FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS u(x, place) ORDER BY place",
        [["a", "1"], ["b", "2"]],
    ),
    ("WITH t AS (SELECT 1 AS x UNION ALL SELECT 2) SELECT count(*) FROM t", [["2"]]),
    ("SELECT 1 UNION SELECT 1", [["1"]]),
    ("SELECT 1 EXCEPT SELECT 1", []),
    ("SELECT n FROM {rows} WHERE EXISTS (SELECT 1 FROM (VALUES 2) AS s(m) WHERE m = n)", [["2"]]),
    ("SELECT n FROM {rows} WHERE n IN (SELECT m FROM (VALUES 2, 3) AS s(m)) ORDER BY n", [["2"], ["3"]]),
    ("VALUES (1, 'a'), (2, 'b')", [["1", "a"], ["2", "b"]]),
    ("SELECT DISTINCT k FROM {rows} ORDER BY k", [["a"], ["b"]]),
]

ERRORS = [
    ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT 7 % (3 - 3)", "DIVISION_BY_ZERO"),
    ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT"),
    ("SELECT nothing(1)", "FUNCTION_NOT_FOUND: line 1:1: Function 'nothing' not registered"),
    # DuckDB has these, Trino has not.
    ("SELECT list_sum(ARRAY[1])", "FUNCTION_NOT_FOUND"),
    ("SELECT strftime(now(), '%Y')", "FUNCTION_NOT_FOUND"),
    ("SELECT epoch_ms(1)", "FUNCTION_NOT_FOUND"),
    ("SELECT string_agg('a', ',')", "FUNCTION_NOT_FOUND"),
    ("SELECT read_text('/etc/passwd')", "FUNCTION_NOT_FOUND"),
    ("SELECT getenv('HOME')", "FUNCTION_NOT_FOUND"),
    # Trino has these, the sandbox has not, and says so.
    ("SELECT sha512(to_utf8('a'))", "NOT_SUPPORTED: The function sha512 is not supported by the sandbox"),
    ("SELECT date_add('fortnight', 1, now())", "'fortnight' is not a valid"),
    ("SELECT split_part('a', ',', 0)", "INVALID_FUNCTION_ARGUMENT: Index must be greater than zero"),
]


@pytest.fixture(scope="module")
def athena() -> Iterator[Engine]:
    with engine() as made:
        yield made


def flat(cases: dict[str, list[tuple[str, str | None]]]) -> list[Any]:
    return [pytest.param(sql, expected, id=sql) for group in cases.values() for sql, expected in group]


@pytest.mark.parametrize(("expression", "expected"), flat(CASES))
def test_expressions(athena, expression, expected):
    assert athena.run(f"SELECT {expression}") == [[expected]]


@pytest.mark.parametrize(("expression", "expected"), flat(AGGREGATE_CASES))
def test_aggregates(athena, expression, expected):
    assert athena.run(f"SELECT {expression} FROM {ROWS}") == [[expected]]


@pytest.mark.parametrize(("sql", "expected"), QUERIES, ids=[sql for sql, _ in QUERIES])
def test_queries(athena, sql, expected):
    assert athena.run(sql.format(rows=ROWS)) == expected


@pytest.mark.parametrize(("sql", "message"), ERRORS, ids=[sql for sql, _ in ERRORS])
def test_errors(athena, sql, message):
    with pytest.raises(Failed) as failed:
        athena.run(sql)
    assert message in str(failed.value)


def test_most_functions_have_a_case():
    shown = " ".join(
        sql for group in (*CASES.values(), *AGGREGATE_CASES.values()) for sql, _ in group
    ).lower()
    shown += " ".join(sql for sql, _ in QUERIES).lower()
    without = [name for name in sorted(FUNCTIONS) if f"{name}(" not in shown]
    assert len(without) < 60, without


def test_a_query_is_left_as_it_is():
    tree = sqlglot.parse_one("SELECT count(*), date_add('day', 1, x) FROM t", read=AthenaSql)
    before = repr(tree)
    to_duckdb(tree)
    assert repr(tree) == before


# ── The page ────────────────────────────────────────────────────────────────────────────────────────

PAGE = Path(__file__).parents[2] / "docs" / "athena-functions.md"


def page() -> str:
    lines = [
        "# Functions of the sandbox's Athena",
        "",
        "This page is made by `python -m tests.athena.test_functions > docs/athena-functions.md` from the examples of",
        "that test, all of which are run. Results are written as in Athena's result files. Sources: [Trino's",
        "documentation](https://trino.io/docs/current/functions.html) and Athena's (User Guide, Functions in Athena).",
        "",
    ]
    for section, group in {**CASES, **AGGREGATE_CASES}.items():
        lines += [f"## {section}", ""]
        if section in AGGREGATE_CASES:
            lines += [f"Over `{ROWS}`.", ""]
        lines += ["| expression | result |", "|---|---|"]
        for sql, expected in group:
            shown = "NULL" if expected is None else f"`{expected}`" if expected else "(empty)"
            lines.append(f"| `{sql.replace('|', chr(92) + '|')}` | {shown} |")
        lines.append("")
    lines += ["## Functions without an example", ""]
    shown_text = "\n".join(lines).lower()
    without = [f"`{name}`" for name in sorted(FUNCTIONS) if f"{name}(" not in shown_text]
    lines += [", ".join(without), "", "## What differs", "", *DIFFERENCES, ""]
    return "\n".join(lines)


DIFFERENCES = [
    "- `approx_distinct` and `approx_percentile` are exact; `checksum` returns other bytes.",
    "- These fail with `NOT_SUPPORTED`: Athena's functions that are not in this list, regular expressions with",
    "  look-around or back references, time zones that are not literals or differ from row to row, units and formats",
    "  of time that are not literals, the average of a decimal of more than 15 digits.",
    "- The keys of a JSON literal are sorted; keys of other JSON keep their order.",
    "- The position in an error message is always line 1:1.",
]


def test_the_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == page()


if __name__ == "__main__":
    sys.stdout.write(page())
