"""Trino's functions in DuckDB: a name there, or a macro, or a rewriting of the call.

Sources: Trino's documentation, Functions and operators; Amazon Athena User Guide, Functions in Athena.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from logctl.local.athena.query_errors import NotHere

Rewrite = Callable[[list[exp.Expr]], exp.Expr]


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of DuckDB's own."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _concat(arguments: list[exp.Expr]) -> exp.Expr:
    """NULL if one is NULL; arrays and text alike."""
    joined = arguments[0]
    for argument in arguments[1:]:
        joined = exp.DPipe(this=joined, expression=argument, safe=False)
    return exp.Paren(this=joined)


def _extreme(name: str) -> Rewrite:
    """greatest and least: NULL if one is NULL."""

    def rewrite(arguments: list[exp.Expr]) -> exp.Expr:
        missing = exp.or_(*(exp.Is(this=item.copy(), expression=exp.null()) for item in arguments))
        return exp.Case(ifs=[exp.If(this=missing, true=exp.null())], default=call(name, *arguments))

    return rewrite


def _json_path(name: str) -> Rewrite:
    """`$["a b"]` is `$."a b"` in DuckDB."""

    def rewrite(arguments: list[exp.Expr]) -> exp.Expr:
        document, path, *rest = arguments
        if isinstance(path, exp.Literal):
            text = re.sub(r"""\[(?:"([^"]*)"|'([^']*)')\]""", lambda m: f'."{m[1] or m[2] or ""}"', path.this)
            path = exp.Literal.string(text if text.startswith("$") else f"$.{text}")
        return call(name, document, path, *rest)

    return rewrite


def _count(arguments: list[exp.Expr]) -> exp.Expr:
    return exp.Count(this=arguments[0] if arguments else exp.Star())


def _approx_distinct(arguments: list[exp.Expr]) -> exp.Expr:
    """Exact here; on Athena its standard error is 2.3 %."""
    return exp.Count(this=exp.Distinct(expressions=arguments[:1]))


def _percentile(arguments: list[exp.Expr]) -> exp.Expr:
    if len(arguments) > 2:
        raise NotHere("approx_percentile with weights")
    return call("quantile_disc", *arguments)


def _row(arguments: list[exp.Expr]) -> exp.Expr:
    """Fields without names are field0, field1, …"""
    pairs = [
        exp.PropertyEQ(this=exp.to_identifier(f"field{place}"), expression=argument)
        for place, argument in enumerate(arguments)
    ]
    return exp.Struct(expressions=pairs)


_GIVES_ARRAY = ("list_", "trino_array_", "trino_split", "trino_sequence", "trino_slice", "flatten")


def _reverse(arguments: list[exp.Expr]) -> exp.Expr:
    """Of text, or of what is surely an array."""
    (value,) = arguments
    is_array = isinstance(value, exp.Array) or (
        isinstance(value, exp.Anonymous) and str(value.this).startswith(_GIVES_ARRAY)
    )
    return call("list_reverse" if is_array else "reverse", value)


def _if(arguments: list[exp.Expr]) -> exp.Expr:
    condition, yes, *no = arguments
    return exp.Case(ifs=[exp.If(this=condition, true=yes)], default=no[0] if no else exp.null())


def _operator(kind: type[exp.Binary]) -> Rewrite:
    def rewrite(arguments: list[exp.Expr]) -> exp.Expr:
        return exp.Paren(this=kind(this=arguments[0], expression=arguments[1]))

    return rewrite


def _hash(name: str) -> Rewrite:
    """Hashes are varbinary; DuckDB's are hexadecimal text."""

    def rewrite(arguments: list[exp.Expr]) -> exp.Expr:
        return call("unhex", call(name, *arguments))

    return rewrite


_SAME = (
    "abs", "acos", "asin", "atan", "atan2", "avg", "bool_and", "bool_or", "cbrt", "ceil",
    "coalesce", "corr", "cos", "cosh", "count_if", "covar_pop", "covar_samp", "cume_dist", "degrees",
    "dense_rank", "exp", "first_value", "floor", "grouping", "kurtosis", "lag", "last_value",
    "lead", "ln", "log10", "log2", "lower", "ltrim", "max", "max_by", "min", "min_by", "now",
    "nth_value", "ntile", "nullif", "percent_rank", "pi", "radians", "rank", "regr_intercept",
    "regr_slope", "replace", "row_number", "rtrim", "sign", "sin", "sinh", "skewness", "sqrt", "stddev",
    "stddev_pop", "stddev_samp", "sum", "tan", "tanh", "translate", "trim", "uuid", "var_pop",
    "var_samp", "variance", "bit_length", "concat_ws", "map_concat", "map_from_entries", "map_keys",
    "map_values", "map_entries", "starts_with", "histogram", "entropy",
)  # fmt: skip

_RENAMED = {
    "any_value": "any_value",
    "arbitrary": "any_value",
    "array_distinct": "trino_array_distinct",
    "array_except": "trino_array_except",
    "array_intersect": "trino_array_intersect",
    "array_join": "trino_array_join",
    "array_max": "trino_array_max",
    "array_min": "trino_array_min",
    "array_position": "trino_array_position",
    "array_remove": "trino_array_remove",
    "array_union": "trino_array_union",
    "arrays_overlap": "trino_overlap",
    "bitwise_and_agg": "bit_and",
    "bitwise_or_agg": "bit_or",
    "bitwise_xor_agg": "bit_xor",
    "bitwise_not": "trino_bitwise_not",
    "bit_count": "trino_bit_count",
    "cardinality": "trino_cardinality",
    "ceiling": "ceil",
    "char_length": "length",
    "character_length": "length",
    "checksum": "trino_checksum",
    "chr": "chr",
    "codepoint": "unicode",
    "contains": "trino_contains",
    "current_date": "trino_current_date",
    "e": "trino_e",
    "every": "bool_and",
    "upper": "trino_upper",
    "flatten": "flatten",
    "from_base": "trino_from_base",
    "from_base64": "from_base64",
    "from_hex": "trino_from_hex",
    "from_utf8": "decode",
    "geometric_mean": "geomean",
    "infinity": "trino_infinity",
    "hamming_distance": "trino_hamming",
    "is_finite": "isfinite",
    "is_nan": "isnan",
    "is_infinite": "isinf",
    "is_json_scalar": "trino_is_json_scalar",
    "json_array_contains": "trino_json_array_contains",
    "json_array_length": "trino_json_array_length",
    "json_format": "trino_json_format",
    "json_parse": "trino_json_parse",
    "length": "length",
    "levenshtein_distance": "trino_levenshtein",
    "log": "trino_log",
    "lpad": "trino_lpad",
    "map": "map",
    "map_agg": "trino_map_agg",
    "mod": "trino_mod",
    "nan": "trino_nan",
    "normalize": "nfc_normalize",
    "pow": "pow",
    "power": "pow",
    "rand": "random",
    "random": "random",
    "regexp_count": "trino_regexp_count",
    "regexp_extract": "trino_regexp_extract",
    "regexp_extract_all": "trino_regexp_extract_all",
    "regexp_like": "regexp_matches",
    "regexp_replace": "trino_regexp_replace",
    "regexp_split": "string_split_regex",
    "repeat": "trino_repeat",
    "round": "trino_round",
    "rpad": "trino_rpad",
    "sequence": "trino_sequence",
    "slice": "trino_slice",
    "split": "trino_split",
    "split_part": "trino_split_part",
    "split_to_map": "trino_split_to_map",
    "strpos": "strpos",
    "substr": "trino_substr",
    "substring": "trino_substr",
    "to_base64": "to_base64",
    "to_hex": "hex",
    "to_utf8": "encode",
    "truncate": "trunc",
    "typeof": "trino_typeof",
    "url_decode": "trino_url_decode",
    "url_encode": "trino_url_encode",
    "url_extract_fragment": "trino_url_fragment",
    "url_extract_host": "trino_url_host",
    "url_extract_parameter": "trino_url_parameter",
    "url_extract_path": "trino_url_path",
    "url_extract_port": "trino_url_port",
    "url_extract_protocol": "trino_url_protocol",
    "url_extract_query": "trino_url_query",
    "zip": "trino_zip",
}

FUNCTIONS: Mapping[str, str | Rewrite] = {
    **{name: name for name in _SAME},
    **_RENAMED,
    "approx_distinct": _approx_distinct,
    "approx_percentile": _percentile,
    "array_agg": "array_agg",
    "bitwise_and": lambda a: call("trino_bitwise_and", *a),
    "bitwise_or": lambda a: call("trino_bitwise_or", *a),
    "bitwise_xor": lambda a: call("xor", *a),
    "bitwise_left_shift": _operator(exp.BitwiseLeftShift),
    "bitwise_right_shift": _operator(exp.BitwiseRightShift),
    "concat": _concat,
    "count": _count,
    "element_at": "trino_element_at",
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "if": _if,
    "json_extract": _json_path("trino_json_extract"),
    "json_extract_scalar": _json_path("trino_json_extract_scalar"),
    "json_size": _json_path("trino_json_size"),
    "listagg": "listagg",
    "md5": _hash("md5"),
    "sha1": _hash("sha1"),
    "sha256": _hash("sha256"),
    "reverse": _reverse,
    "row": _row,
    "current_timezone": lambda a: exp.Literal.string("UTC"),
    "try": "try",
    "bitwise_right_shift_arithmetic": "trino_shift_arithmetic",
}

AGGREGATES = frozenset({
    "any_value", "approx_distinct", "approx_percentile", "arbitrary", "array_agg", "avg",
    "bitwise_and_agg", "bitwise_or_agg", "bitwise_xor_agg", "bool_and", "bool_or", "checksum", "corr",
    "count", "count_if", "covar_pop", "covar_samp", "entropy", "every", "geometric_mean", "histogram",
    "kurtosis", "listagg", "map_agg", "max", "max_by", "min", "min_by", "multimap_agg",
    "regr_intercept", "regr_slope", "skewness", "stddev", "stddev_pop", "stddev_samp", "sum", "var_pop",
    "var_samp", "variance",
})  # fmt: skip
WINDOW_ONLY = frozenset({
    "cume_dist", "dense_rank", "first_value", "lag", "last_value", "lead", "nth_value", "ntile",
    "percent_rank", "rank", "row_number",
})  # fmt: skip

UNSUPPORTED = frozenset({
    "contains_sequence", "map_zip_with", "from_unixtime_nanos", "current_time", "localtime",
    "approx_most_frequent", "approx_set", "array_histogram", "array_sum", "bar", "beta_cdf",
    "bing_tile", "char2hexint", "color", "combinations", "cosine_similarity", "crc32", "current_groups",
    "day_name", "evaluate_classifier_predictions", "format", "format_number", "from_big_endian_32",
    "from_big_endian_64", "from_encoded_polyline", "from_geojson_geometry", "from_ieee754_32",
    "from_ieee754_64", "from_iso8601_timestamp_nanos", "hash_counts", "hmac_md5", "hmac_sha1",
    "hmac_sha256", "hmac_sha512", "human_readable_seconds", "index", "intersection_cardinality",
    "inverse_beta_cdf", "inverse_normal_cdf", "ip_prefix", "ip_prefix_collapse", "jaccard_index",
    "json_array", "json_array_get", "json_exists", "json_object", "json_query", "json_value",
    "learn_classifier", "learn_regressor", "luhn_check", "make_set_digest", "map_union", "merge",
    "merge_set_digest", "multimap_agg", "multimap_from_entries", "murmur3", "myanmar_font_encoding",
    "myanmar_normalize_unicode", "ngrams", "normal_cdf", "numeric_histogram", "parse_data_size",
    "parse_duration", "parse_presto_data_size", "qdigest_agg", "reduce_agg", "regexp_position",
    "render", "rgb", "sha512", "shuffle", "soundex", "split_to_multimap", "spooky_hash_v2_32",
    "spooky_hash_v2_64", "st_area", "st_contains", "st_distance", "st_geometryfromtext", "st_point",
    "tdigest_agg", "timezone_hour", "timezone_minute", "to_base", "to_big_endian_32",
    "to_big_endian_64", "to_ieee754_32", "to_ieee754_64", "to_milliseconds", "trim_array",
    "value_at_quantile", "values_at_quantiles", "width_bucket", "wilson_interval_lower",
    "wilson_interval_upper", "with_timezone", "word_stem", "xxhash64",
})  # fmt: skip
"""Functions that Athena has and the sandbox has not; people are told just that."""
