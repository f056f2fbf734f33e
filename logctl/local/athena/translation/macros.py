# ruff: noqa: E501 - a table
"""Macros that give DuckDB the functions that Trino has and DuckDB does not have, or has with other results.

A value is the macro's parameters and body, as CREATE MACRO takes them; several pairs are overloads by number of
arguments. A macro may use those above it.
"""

from __future__ import annotations

from collections.abc import Mapping

MACROS: Mapping[str, str] = {
    # It fails with a CAST and not with error(), which TRY does not catch.
    "trino_check": """(wrong, message, x) AS
        CASE WHEN CASE WHEN wrong THEN CAST(message AS INTEGER) = 0 ELSE true END THEN x END""",
    # The message depends on the dividend: a constant would fail before TRY can catch it.
    "trino_divisor": """(b, a) AS trino_check(b = 0 AND a IS NOT NULL AND typeof(b) NOT IN ('DOUBLE', 'FLOAT'),
        CASE WHEN a IS NULL THEN '' ELSE 'DIVISION_BY_ZERO: Division by zero' END, b)""",
    "trino_power2": "(n) AS CAST(pow(CAST(2 AS DOUBLE), n) AS HUGEINT)",
    "trino_pow10": "(n) AS CAST(CAST('1' || repeat('0', CAST(n AS INTEGER)) AS VARCHAR) AS HUGEINT)",
    # A quotient rounded half away from zero: twice the remainder is compared with the divisor.
    "trino_half_up": """(a, b) AS a // b + CASE WHEN 2 * abs(a % b) >= abs(b)
        THEN CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END ELSE 0 END""",
    # A whole number as the text of a decimal with `scale` digits after the point.
    "trino_point": """(n, scale) AS CASE WHEN scale = 0 THEN CAST(n AS VARCHAR) ELSE
        CASE WHEN n < 0 THEN '-' ELSE '' END ||
        left(lpad(CAST(abs(n) AS VARCHAR), CAST(greatest(length(CAST(abs(n) AS VARCHAR)), scale + 1) AS INTEGER), '0'),
          CAST(-scale AS INTEGER)) || '.' ||
        right(lpad(CAST(abs(n) AS VARCHAR), CAST(greatest(length(CAST(abs(n) AS VARCHAR)), scale + 1) AS INTEGER), '0'),
          CAST(scale AS INTEGER)) END""",
    "trino_decimal_quotient": """(a, b, shift, scale) AS trino_point(trino_half_up(
        CASE WHEN shift >= 0 THEN a * trino_pow10(greatest(shift, 0)) ELSE a END,
        trino_divisor(CASE WHEN shift < 0 THEN b * trino_pow10(greatest(-shift, 0)) ELSE b END, a)), scale)""",
    "trino_fitting": """(s, size) AS trino_check(length(s) > size,
        'INVALID_CAST_ARGUMENT: Value ' || s || ' cannot be represented as varchar(' || size || ')', s)""",
    "trino_decimal_text": "(s) AS regexp_replace(s, '^(-?)\\.', '\\10.')",
    # The parts of Java's Double.toString, which has an exponent below 10^-3 and from 10^7 on.
    "trino_mantissa": "(t) AS regexp_extract(t, '^-?([0-9.]+)', 1)",
    "trino_digits": "(t) AS ltrim(replace(trino_mantissa(t), '.', ''), '0')",
    "trino_exponent": """(t) AS CASE WHEN regexp_matches(trino_mantissa(t), '^0\\.')
        THEN -length(regexp_extract(trino_mantissa(t), '^0\\.(0*)', 1)) - 1
        ELSE length(split_part(trino_mantissa(t), '.', 1)) - 1 END
        + CAST(coalesce(nullif(regexp_extract(t, 'e([+-]?[0-9]+)$', 1), ''), '0') AS INTEGER)""",
    "trino_scientific": """(t) AS CASE WHEN starts_with(t, '-') THEN '-' ELSE '' END || trino_digits(t)[1] || '.' ||
        coalesce(nullif(rtrim(trino_digits(t)[2:], '0'), ''), '0') || 'E' || trino_exponent(t)""",
    "trino_double_text": """(x) AS CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x)
        THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
        WHEN x = 0 OR abs(x) BETWEEN 1e-3 AND 9999999.999999999 THEN CAST(x AS VARCHAR)
        ELSE trino_scientific(CAST(x AS VARCHAR)) END""",
    "trino_json_text": """(j) AS trino_check(json_type(j) IN ('OBJECT', 'ARRAY'),
        'INVALID_CAST_ARGUMENT: Cannot cast JSON to varchar', json_extract_string(j, '$'))""",
    "trino_subscript": """(a, i) AS trino_check(i < 1 OR i > len(a), CASE
        WHEN i = 0 THEN 'INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1'
        WHEN i < 0 THEN 'INVALID_FUNCTION_ARGUMENT: Array subscript is negative: ' || i
        ELSE 'INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: ' || i ||
          ' > ' || len(a) END, a[i])""",
    "trino_map_value": """(m, k) AS trino_check(k IS NOT NULL AND NOT map_contains(m, k),
        'INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || CAST(k AS VARCHAR), m[k])""",
    "trino_unsigned": "(x, bits) AS CASE WHEN x < 0 THEN x + trino_power2(bits) ELSE x END",
    "trino_signed": "(x, bits) AS CASE WHEN x >= trino_power2(bits - 1) THEN x - trino_power2(bits) ELSE x END",
    "trino_shifted": "(x, n) AS CASE WHEN n >= 64 THEN 0 ELSE x // trino_power2(n) END",
    "trino_strpos": """(s, part) AS strpos(s, part), (s, part, n) AS CASE
        WHEN trino_check(n = 0, 'INVALID_FUNCTION_ARGUMENT: instance must be a positive or negative number',
          false) THEN 0
        WHEN abs(n) >= len(string_split(s, part)) THEN 0
        WHEN n > 0 THEN length(array_to_string(string_split(s, part)[:n], part)) + 1
        ELSE length(array_to_string(string_split(s, part)[:len(string_split(s, part)) + n], part)) + 1 END""",
    "trino_reverse_bytes": """(b) AS unhex(array_to_string(list_reverse(
        list_transform(range(octet_length(b)), lambda i: substr(hex(b), 2 * i + 1, 2))), ''))""",
    "trino_json_path": """(p) AS regexp_replace(p, '\\["([^"]*)"\\]', '."\\1"', 'g')""",
    "trino_json_contains": """(j, v, kind) AS len(list_filter(CAST(j AS JSON[]), lambda e: CASE kind
        WHEN 'NUMBER' THEN json_type(e) IN ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'INTEGER')
          AND TRY_CAST(CAST(e AS VARCHAR) AS DOUBLE) = TRY_CAST(CAST(v AS VARCHAR) AS DOUBLE)
        WHEN 'BOOLEAN' THEN json_type(e) = 'BOOLEAN' AND json_extract_string(e, '$') = CAST(v AS VARCHAR)
        ELSE json_type(e) = 'VARCHAR' AND json_extract_string(e, '$') = CAST(v AS VARCHAR) END)) > 0""",
    "trino_array_element": """(a, i) AS trino_check(i = 0, 'INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1',
        CASE WHEN abs(i) > len(a) THEN NULL ELSE a[i] END)""",
    "trino_stepped": """(a, b, s) AS trino_check((b - a) * s < 0,
        'INVALID_FUNCTION_ARGUMENT: sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start',
        generate_series(a, b, s))""",
    "trino_map_entries": "(m) AS list_transform(map_entries(m), lambda e: {'field0': e['key'], 'field1': e['value']})",
    "trino_round_whole": """(x, n) AS CASE WHEN n >= 0 THEN CAST(x AS HUGEINT)
        ELSE trino_half_up(CAST(x AS HUGEINT), trino_pow10(greatest(-n, 0))) * trino_pow10(greatest(-n, 0)) END""",
    "trino_truncate_whole": """(x, n) AS CASE WHEN n >= 0 THEN CAST(x AS HUGEINT)
        ELSE CAST(x AS HUGEINT) // trino_pow10(greatest(-n, 0)) * trino_pow10(greatest(-n, 0)) END""",
    "trino_mod": "(a, b) AS a % trino_divisor(b, a)",
    "trino_text": """(x) AS CASE typeof(x)
        WHEN 'TIMESTAMP' THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
        WHEN 'TIMESTAMP WITH TIME ZONE' THEN
          strftime(timezone('UTC', TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ)), '%Y-%m-%d %H:%M:%S.%g UTC')
        ELSE CAST(x AS VARCHAR) END""",
    "trino_random": """() AS random(), (high) AS floor(random() * high),
        (low, high) AS floor(random() * (high - low)) + low""",
    # Java gives NaN and -Infinity where DuckDB fails.
    "trino_sqrt": "(x) AS CASE WHEN CAST(x AS DOUBLE) < 0 THEN CAST('nan' AS DOUBLE) ELSE sqrt(CAST(x AS DOUBLE)) END",
    "trino_ln": """(x) AS CASE WHEN CAST(x AS DOUBLE) < 0 THEN CAST('nan' AS DOUBLE)
        WHEN CAST(x AS DOUBLE) = 0 THEN CAST('-inf' AS DOUBLE) ELSE ln(CAST(x AS DOUBLE)) END""",
    "trino_log2": """(x) AS CASE WHEN CAST(x AS DOUBLE) < 0 THEN CAST('nan' AS DOUBLE)
        WHEN CAST(x AS DOUBLE) = 0 THEN CAST('-inf' AS DOUBLE) ELSE log2(CAST(x AS DOUBLE)) END""",
    "trino_log10": """(x) AS CASE WHEN CAST(x AS DOUBLE) < 0 THEN CAST('nan' AS DOUBLE)
        WHEN CAST(x AS DOUBLE) = 0 THEN CAST('-inf' AS DOUBLE) ELSE log10(CAST(x AS DOUBLE)) END""",
    "trino_shift_left": "(x, n) AS (x << n)",
    "trino_shift_arithmetic": "(x, n) AS floor(CAST(x AS DOUBLE) / pow(2, n))",
    "trino_log": "(base, x) AS ln(x) / ln(base)",
    "trino_infinity": "() AS CAST('inf' AS DOUBLE)",
    "trino_nan": "() AS CAST('nan' AS DOUBLE)",
    "trino_e": "() AS exp(1)",
    "trino_from_digits": """(text, radix) AS CASE radix WHEN 16 THEN CAST('0x' || text AS BIGINT)
        WHEN 2 THEN CAST('0b' || text AS BIGINT) WHEN 10 THEN CAST(text AS BIGINT)
        ELSE error('NOT_SUPPORTED: from_base with this radix is not supported by the sandbox') END""",
    "trino_from_base": """(text, radix) AS CASE WHEN starts_with(text, '-') THEN -1 ELSE 1 END *
        trino_from_digits(ltrim(text, '-'), radix)""",
    "trino_bitwise_and": "(a, b) AS CAST(a AS BIGINT) & CAST(b AS BIGINT)",
    "trino_bitwise_or": "(a, b) AS CAST(a AS BIGINT) | CAST(b AS BIGINT)",
    "trino_bitwise_not": "(a) AS ~CAST(a AS BIGINT)",
    # ── Text and bytes ──
    "trino_spaces": "() AS ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)",
    "trino_trim": "(s) AS trim(s, trino_spaces()), (s, characters) AS trim(s, characters)",
    "trino_ltrim": "(s) AS ltrim(s, trino_spaces()), (s, characters) AS ltrim(s, characters)",
    "trino_rtrim": "(s) AS rtrim(s, trino_spaces()), (s, characters) AS rtrim(s, characters)",
    "trino_replace": "(s, part) AS replace(s, part, ''), (s, part, other) AS replace(s, part, other)",
    "trino_substr_bytes": """(b, start) AS unhex(substr(hex(b), start * 2 - 1)),
        (b, start, size) AS unhex(substr(hex(b), start * 2 - 1, size * 2))""",
    "trino_md5": "(b) AS unhex(md5(b))",
    "trino_sha1": "(b) AS unhex(sha1(b))",
    "trino_sha256": "(b) AS unhex(sha256(b))",
    "trino_substr": """(s, start) AS CASE WHEN start = 0 OR -start > length(s) THEN '' ELSE substr(s, start) END,
        (s, start, size) AS CASE WHEN start = 0 OR size <= 0 THEN '' ELSE substr(s, start, size) END""",
    "trino_lpad": "(s, size, pad) AS lpad(s, CAST(size AS INTEGER), pad)",
    "trino_rpad": "(s, size, pad) AS rpad(s, CAST(size AS INTEGER), pad)",
    "trino_split": """(s, d) AS string_split(s, d),
        (s, d, n) AS CASE WHEN len(string_split(s, d)) <= n THEN string_split(s, d)
          ELSE list_append(string_split(s, d)[1:n - 1], array_to_string(string_split(s, d)[n:], d)) END""",
    "trino_split_part": """(s, d, n) AS CASE WHEN n < 1
        THEN error('INVALID_FUNCTION_ARGUMENT: Index must be greater than zero')
        ELSE string_split(s, d)[n] END""",
    "trino_split_to_map": """(s, entries, pairs) AS map_from_entries(list_transform(string_split(s, entries),
        lambda p: {'k': split_part(p, pairs, 1), 'v': substr(p, strpos(p, pairs) + length(pairs))}))""",
    "trino_regexp_extract": """(s, p) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END,
        (s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END""",
    "trino_regexp_extract_all": """(s, p) AS regexp_extract_all(s, p),
        (s, p, g) AS regexp_extract_all(s, p, g)""",
    # Groups are $1 in Java, \\1 in RE2.
    "trino_replacement": "(r) AS regexp_replace(replace(r, '\\', '\\\\'), '\\$(\\d)', '\\\\\\1', 'g')",
    "trino_regexp_replace": """(s, p) AS regexp_replace(s, p, '', 'g'),
        (s, p, r) AS regexp_replace(s, p, trino_replacement(r), 'g')""",
    "trino_regexp_count": "(s, p) AS len(regexp_extract_all(s, p))",
    # ── JSON ──
    "trino_json_parse": "(s) AS json(CAST(s AS JSON))",
    "trino_json_format": "(j) AS CAST(j AS VARCHAR)",
    "trino_json_extract": "(j, p) AS CASE WHEN json_valid(CAST(j AS VARCHAR)) THEN json_extract(j, p) END",
    "trino_json_extract_scalar": """(j, p) AS CASE WHEN json_valid(CAST(j AS VARCHAR))
        AND json_type(j, p) NOT IN ('OBJECT', 'ARRAY', 'NULL') THEN json_extract_string(j, p) END""",
    "trino_json_size": """(j, p) AS CASE json_type(j, p) WHEN 'ARRAY' THEN json_array_length(j, p)
        WHEN 'OBJECT' THEN len(json_keys(j, p)) ELSE 0 END""",
    "trino_json_array_length": """(j) AS CASE WHEN json_valid(CAST(j AS VARCHAR)) AND json_type(j) = 'ARRAY'
        THEN CAST(json_array_length(j) AS BIGINT) END""",
    "trino_json_array_contains": """(j, v) AS list_contains(
        list_transform(CAST(j AS JSON[]), lambda e: json_extract_string(e, '$')), CAST(v AS VARCHAR))""",
    "trino_is_json_scalar": "(j) AS json_type(j) NOT IN ('OBJECT', 'ARRAY')",
    # ── Arrays and maps ──
    "trino_array_distinct": "(a) AS list_filter(a, lambda x, i: list_position(a, x) = i)",
    "trino_array_union": "(a, b) AS trino_array_distinct(list_concat(a, b))",
    "trino_array_intersect": "(a, b) AS trino_array_distinct(list_filter(a, lambda x: list_contains(b, x)))",
    "trino_array_except": "(a, b) AS trino_array_distinct(list_filter(a, lambda x: NOT list_contains(b, x)))",
    "trino_array_remove": "(a, v) AS list_filter(a, lambda x: x IS DISTINCT FROM v)",
    "trino_array_position": "(a, v) AS CASE WHEN a IS NULL OR v IS NULL THEN NULL ELSE CAST(coalesce(list_position(a, v), 0) AS BIGINT) END",
    "trino_array_join": """(a, d) AS array_to_string(list_filter(a, lambda x: x IS NOT NULL), d),
        (a, d, n) AS array_to_string(list_transform(a, lambda x: coalesce(CAST(x AS VARCHAR), n)), d)""",
    "trino_cardinality": """(x) AS CAST(CASE WHEN json_type(to_json(x)) = 'ARRAY'
        THEN json_array_length(to_json(x)) ELSE len(json_keys(to_json(x))) END AS BIGINT)""",
    "trino_element_at": "(x, k) AS x[k]",
    "trino_repeat": "(x, n) AS list_transform(range(n), lambda i: x)",
    "trino_sequence": """(a, b) AS generate_series(a, b, CASE WHEN a <= b THEN 1 ELSE -1 END),
        (a, b, s) AS generate_series(a, b, s)""",
    "trino_slice": """(a, start, size) AS CASE
        WHEN trino_check(start = 0, 'INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1', false) THEN NULL
        WHEN trino_check(size < 0, 'INVALID_FUNCTION_ARGUMENT: length must be greater than or equal to 0', false)
          THEN NULL
        WHEN start > 0 THEN a[start:start + size - 1]
        WHEN -start > len(a) THEN a[:0] ELSE a[len(a) + start + 1:len(a) + start + size] END""",
    "trino_zip": """(a, b) AS list_transform(list_zip(a, b), lambda z: {'field0': z[1], 'field1': z[2]}),
        (a, b, c) AS list_transform(list_zip(a, b, c), lambda z: {'field0': z[1], 'field1': z[2], 'field2': z[3]}),
        (a, b, c, d) AS list_transform(list_zip(a, b, c, d),
          lambda z: {'field0': z[1], 'field1': z[2], 'field2': z[3], 'field3': z[4]})""",
    "trino_first_of_keys": """(e) AS map_from_entries(list_filter(e, lambda x, i:
        list_position(list_transform(e, lambda y: y['k']), x['k']) = i))""",
    "trino_map_agg": "(k, v) AS trino_first_of_keys(list({'k': k, 'v': v}) FILTER (k IS NOT NULL))",
    "trino_array_max": "(a) AS CASE WHEN len(a) > len(list_filter(a, lambda x: x IS NOT NULL)) THEN NULL ELSE list_max(a) END",
    "trino_array_min": "(a) AS CASE WHEN len(a) > len(list_filter(a, lambda x: x IS NOT NULL)) THEN NULL ELSE list_min(a) END",
    "trino_overlap": """(a, b) AS CASE WHEN list_has_any(a, b) THEN true WHEN len(a) = 0 OR len(b) = 0 THEN false
        WHEN len(list_filter(a, lambda x: x IS NULL)) > 0 OR len(list_filter(b, lambda x: x IS NULL)) > 0 THEN NULL
        ELSE false END""",
    "trino_contains": """(a, v) AS CASE WHEN list_contains(a, v) THEN true
        WHEN len(list_filter(a, lambda x: x IS NULL)) > 0 OR v IS NULL THEN NULL ELSE list_contains(a, v) END""",
    "trino_checksum": """(x) AS unhex(printf('%016x', CAST(
        sum(CAST(hash(x) AS HUGEINT)) % 18446744073709551616 AS UBIGINT)))""",
    # ── URLs ──
    "trino_ascii": """(x, s) AS trino_check(NOT regexp_full_match(s, '[\\x00-\\x7F]*'),
        'NOT_SUPPORTED: this function of text beyond ASCII is not supported by the sandbox', x)""",
    "trino_levenshtein": "(a, b) AS trino_ascii(levenshtein(a, b), a || b)",
    "trino_hamming": """(a, b) AS trino_check(length(a) <> length(b),
        'INVALID_FUNCTION_ARGUMENT: The input strings to hamming_distance function must have the same length',
        trino_ascii(hamming(rpad(a, length(b)::INTEGER, ' '), b), a || b))""",
    "trino_upper": "(s) AS replace(upper(s), 'ẞ', 'ß')",
    "trino_from_hex": """(s) AS unhex(trino_check(length(s) % 2 = 1 OR NOT regexp_full_match(s, '[0-9a-fA-F]*'),
        'INVALID_FUNCTION_ARGUMENT: the text is not hexadecimal', s))""",
    "trino_bit_count": """(x, bits) AS trino_check(bits <> 64,
        'NOT_SUPPORTED: bit_count of other than 64 bits is not supported by the sandbox',
        bit_count(CAST(x AS BIGINT)))""",
    "trino_url_decode": "(s) AS url_decode(replace(s, '+', ' '))",
    # The regular expression of RFC 3986, appendix B.
    "trino_url_part": """(u, g) AS regexp_extract(u,
        '^(([^:/?#]+):)?(//([^/?#]*))?([^?#]*)(\\?([^#]*))?(#(.*))?', g)""",
    "trino_url_protocol": "(u) AS nullif(trino_url_part(u, 2), '')",
    "trino_url_host": "(u) AS nullif(regexp_extract(trino_url_part(u, 4), '(?:[^@]*@)?([^:]*)', 1), '')",
    "trino_url_port": "(u) AS TRY_CAST(regexp_extract(trino_url_part(u, 4), ':(\\d+)$', 1) AS BIGINT)",
    "trino_url_path": "(u) AS trino_url_part(u, 5)",
    "trino_url_query": "(u) AS trino_url_part(u, 7)",
    "trino_url_fragment": "(u) AS trino_url_part(u, 9)",
    "trino_url_parameters": "(u) AS '&' || trino_url_part(u, 7)",
    "trino_url_parameter": """(u, n) AS CASE
        WHEN regexp_matches(trino_url_parameters(u), '&' || n || '(=|&|$)')
        THEN trino_url_decode(regexp_extract(trino_url_parameters(u), '&' || n || '=([^&]*)', 1)) END""",
    "trino_url_encode": "(s) AS replace(replace(url_encode(s), '%20', '+'), '~', '%7E')",
    # ── Other ──
    "trino_typeof": """(x) AS CASE typeof(x) WHEN 'TIMESTAMP' THEN 'timestamp(3)'
        WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp(3) with time zone' WHEN 'FLOAT' THEN 'real'
        WHEN 'BLOB' THEN 'varbinary' WHEN 'VARCHAR[]' THEN 'array(varchar)'
        WHEN 'INTEGER[]' THEN 'array(integer)'
        WHEN '"NULL"' THEN 'unknown' ELSE lower(typeof(x)) END""",
    # ── Time ──
    "trino_iso": """(s) AS CASE WHEN regexp_matches(s, 'T[0-9]{2}(Z|[+-][0-9:]+)?$')
        THEN regexp_replace(s, 'T([0-9]{2})', 'T\\1:00:00') ELSE s END""",
    "trino_from_iso8601_timestamp": "(s) AS CAST(trino_iso(s) AS TIMESTAMPTZ)",
    "trino_from_iso8601_utc": """(s) AS trino_check(regexp_matches(s, 'T.*[+-][0-9:]+$')
          AND NOT regexp_matches(s, '[+-]00:?00$'),
        'NOT_SUPPORTED: zones that differ from row to row are not supported by the sandbox',
        CAST(trino_iso(s) AS TIMESTAMPTZ))""",
    "trino_utc": "(x) AS timezone('UTC', TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ))",
    "trino_to_iso8601": """(x) AS CASE typeof(x) WHEN 'DATE' THEN CAST(x AS VARCHAR)
        WHEN 'TIMESTAMP' THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%g')
        ELSE strftime(trino_utc(x), '%Y-%m-%dT%H:%M:%S.%gZ') END""",
    "trino_millisecond": "(x) AS CAST(date_part('millisecond', x) AS BIGINT) % 1000",
}
