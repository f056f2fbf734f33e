# ruff: noqa: E501 - a table
"""Athena's functions: their signatures, which of them are aggregates, and which the sandbox does not have.

A line of the table is `names signature | signature …`; a signature is `arguments -> result`.

- `bool`, `int`, `text`, … are types (`_WORDS`); `ts` and `tsz` are timestamps without and with a time zone;
- T, U, K, V and S stand for any type, N for any number, I for any integer and M for any date or time; a
  letter stands for the same type wherever it occurs in a signature;
- `(T => U)` is a lambda; `...` repeats the argument before it; an argument in brackets may be omitted.

Source: Trino, Functions and operators; Amazon Athena User Guide, Functions in Athena.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from logctl.local.athena.types import sql_types
from logctl.local.athena.types.coercions import coerces, common
from logctl.local.athena.types.sql_types import Type

_WORDS = {
    "bool": sql_types.BOOLEAN, "int": sql_types.INTEGER, "bigint": sql_types.BIGINT, "double": sql_types.DOUBLE,
    "real": sql_types.REAL, "text": sql_types.VARCHAR, "binary": sql_types.BINARY, "date": sql_types.DATE,
    "time": sql_types.TIME, "ts": sql_types.TIMESTAMP, "tsz": sql_types.ZONED, "json": sql_types.JSON,
    "interval": sql_types.INTERVAL, "months": sql_types.MONTHS, "unknown": sql_types.UNKNOWN, "tinyint": Type("tinyint"),
    "long": Type("decimal", (38, 0)), "uuid": Type("uuid"),
}  # fmt: skip

_AGGREGATES = """
avg bigint -> double | real -> real | decimal -> N | double -> double | interval -> interval
sum bigint -> bigint | decimal -> decimal38 | real -> real | double -> double | interval -> interval
count -> bigint | T -> bigint
count_if bool -> bigint
approx_distinct T -> bigint | T,double -> bigint
approx_percentile T,double -> T | T,array(double) -> array(T) | T,bigint,double -> T
arbitrary,any_value T -> T
max,min T -> T | T,bigint -> array(T)
max_by,min_by T,U -> T | T,U,bigint -> array(T)
array_agg T -> array(T)
map_agg K,V -> map(K,V)
multimap_agg K,V -> map(K,array(V))
map_union map(K,V) -> map(K,V)
histogram K -> map(K,bigint)
bool_and,bool_or,every bool -> bool
checksum T -> binary
corr,covar_pop,covar_samp,regr_slope,regr_intercept double,double -> double
entropy,kurtosis,skewness,stddev,stddev_pop,stddev_samp,var_pop,var_samp,variance,geometric_mean double -> double
bitwise_and_agg,bitwise_or_agg,bitwise_xor_agg bigint -> bigint
listagg text[,text] -> text
"""
_OTHERS = """
abs N -> N
ceil N -> N
ceiling N -> N
floor N -> N
sign N -> N
round N -> N | N,int -> N
truncate N -> N | N,int -> N
mod N,N -> N
acos,asin,atan,cbrt,cos,cosh,degrees,exp,ln,log2,log10,radians,sin,sinh,sqrt,tan,tanh double -> double
atan2,log,pow,power double,double -> double
e,pi,infinity,nan -> double
rand,random -> double | bigint -> bigint | bigint,bigint -> bigint
is_finite,is_infinite,is_nan double -> bool
from_base text,bigint -> bigint
to_base bigint,bigint -> text
width_bucket double,double,double,bigint -> bigint
bit_count bigint,bigint -> bigint
bitwise_and,bitwise_or,bitwise_xor bigint,bigint -> bigint
bitwise_not bigint -> bigint
bitwise_left_shift,bitwise_right_shift,bitwise_right_shift_arithmetic I,bigint -> I
row_number,rank,dense_rank -> bigint
ntile bigint -> bigint
percent_rank,cume_dist -> double
first_value,last_value T -> T
nth_value T,bigint -> T
lag,lead T -> T | T,bigint -> T | T,bigint,T -> T
grouping T... -> int
chr bigint -> text
codepoint text -> int
concat text,text... -> text | array(T),array(T)... -> array(T) | array(T),T -> array(T) | T,array(T) -> array(T) | binary,binary... -> binary
concat_ws text,array(text) -> text | text,text... -> text
hamming_distance,levenshtein_distance text,text -> bigint
length,char_length,character_length text -> bigint | binary -> bigint
bit_length text -> bigint
lower,upper text -> text
lpad,rpad text,bigint,text -> text | binary,bigint,binary -> binary
ltrim,rtrim,trim text -> text | text,text -> text
normalize text -> text
replace text,text[,text] -> text
translate text,text,text -> text
reverse text -> text | array(T) -> array(T) | binary -> binary
split text,text -> array(text) | text,text,bigint -> array(text)
split_part text,text,bigint -> text
split_to_map text,text,text -> map(text,text)
split_to_multimap text,text,text -> map(text,array(text))
starts_with text,text -> bool
strpos text,text -> bigint | text,text,bigint -> bigint
substr,substring text,bigint -> text | text,bigint,bigint -> text | binary,bigint -> binary | binary,bigint,bigint -> binary
soundex text -> text
word_stem text -> text
regexp_like text,text -> bool
regexp_extract text,text -> text | text,text,bigint -> text
regexp_extract_all text,text -> array(text) | text,text,bigint -> array(text)
regexp_replace text,text -> text | text,text,text -> text | text,text,(array(text) => text) -> text
regexp_split text,text -> array(text)
regexp_count text,text -> bigint
regexp_position text,text -> int
to_hex,to_base64 binary -> text
from_hex,from_base64 text -> binary | binary -> binary
to_utf8 text -> binary
from_utf8 binary -> text
md5,sha1,sha256 binary -> binary
from_big_endian_64 binary -> bigint
json_extract json,text -> json | text,text -> json
json_extract_scalar json,text -> text | text,text -> text
json_size json,text -> bigint | text,text -> bigint
json_array_length json -> bigint | text -> bigint
json_array_contains json,bool -> bool | json,bigint -> bool | json,double -> bool | json,text -> bool | text,bool -> bool | text,bigint -> bool | text,double -> bool | text,text -> bool
json_array_get json,bigint -> json | text,bigint -> json
json_format json -> text
json_parse text -> json
is_json_scalar json -> bool | text -> bool
from_iso8601_timestamp text -> tsz
from_iso8601_date text -> date
to_iso8601 M -> text
date text -> date | ts -> date | tsz -> date
date_trunc text,M -> M
date_add text,bigint,M -> M
date_diff text,M,M -> bigint
date_format ts,text -> text | tsz,text -> text
date_parse text,text -> ts
format_datetime ts,text -> text | tsz,text -> text
parse_datetime text,text -> tsz
from_unixtime double -> tsz | double,text -> tsz
to_unixtime ts -> double | tsz -> double
at_timezone tsz,text -> tsz
with_timezone ts,text -> tsz
current_timezone -> text
to_milliseconds interval -> bigint
human_readable_seconds double -> text
year,month,day,quarter,week,week_of_year,day_of_month,day_of_week,dow,day_of_year,doy,year_of_week,yow date -> bigint | ts -> bigint | tsz -> bigint
year,month months -> bigint | date -> bigint | ts -> bigint | tsz -> bigint
hour,minute,second,millisecond time -> bigint | ts -> bigint | tsz -> bigint | interval -> bigint
day interval -> bigint | date -> bigint | ts -> bigint | tsz -> bigint
last_day_of_month date -> date | ts -> date | tsz -> date
now -> tsz
array_distinct,shuffle array(T) -> array(T)
array_sort array(T) -> array(T) | array(T),(T,T => int) -> array(T)
array_except,array_intersect,array_union array(T),array(T) -> array(T)
array_join array(T),text -> text | array(T),text,text -> text
array_max,array_min array(T) -> T
array_position array(T),T -> bigint
array_remove array(T),T -> array(T)
arrays_overlap array(T),array(T) -> bool
cardinality array(T) -> bigint | map(K,V) -> bigint
contains array(T),T -> bool
contains_sequence array(T),array(T) -> bool
element_at array(T),bigint -> T | map(K,V),K -> V
flatten array(array(T)) -> array(T)
repeat T,bigint -> array(T)
sequence bigint,bigint[,bigint] -> array(bigint) | date,date -> array(date) | date,date,interval -> array(date) | date,date,months -> array(date) | ts,ts,interval -> array(ts) | ts,ts,months -> array(ts)
slice array(T),bigint,bigint -> array(T)
trim_array array(T),bigint -> array(T)
ngrams array(T),bigint -> array(array(T))
zip array(T),array(U) -> array(row(T,U)) | array(T),array(U),array(V) -> array(row(T,U,V)) | array(T),array(U),array(V),array(K) -> array(row(T,U,V,K))
map array(K),array(V) -> map(K,V) | -> map(unknown,unknown)
map_concat map(K,V),map(K,V)... -> map(K,V)
map_entries map(K,V) -> array(row(K,V))
map_from_entries array(row(K,V)) -> map(K,V)
multimap_from_entries array(row(K,V)) -> map(K,array(V))
map_keys map(K,V) -> array(K)
map_values map(K,V) -> array(V)
all_match,any_match,none_match array(T),(T => bool) -> bool
filter array(T),(T => bool) -> array(T)
transform array(T),(T => U) -> array(U)
reduce array(T),S,(S,T => S),(S => U) -> U
zip_with array(T),array(U),(T,U => V) -> array(V)
map_filter map(K,V),(K,V => bool) -> map(K,V)
transform_keys map(K,V),(K,V => U) -> map(U,V)
transform_values map(K,V),(K,V => U) -> map(K,U)
map_zip_with map(K,V),map(K,U),(K,V,U => S) -> map(K,S)
url_decode,url_encode,url_extract_fragment,url_extract_host,url_extract_path,url_extract_protocol,url_extract_query text -> text
url_extract_port text -> bigint
url_extract_parameter text,text -> text
uuid -> uuid
typeof T -> text
"""
UNSUPPORTED = frozenset({
    "contains_sequence", "map_zip_with", "from_unixtime_nanos", "current_time", "current_timestamp",
    "localtime", "localtimestamp",
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
    "wilson_interval_upper", "word_stem", "xxhash64",
})  # fmt: skip
"""Functions that Athena has and the sandbox does not: a query with one of them fails with NOT_SUPPORTED."""


@dataclass(frozen=True)
class Lambda:
    """An argument that is a lambda. `body` finds the type of its result from those of its parameters."""

    parameters: int
    body: Callable[[Sequence[Type | None]], Type | None]


Given = Type | Lambda | None


@dataclass(frozen=True)
class Chosen:
    """A signature that fits a call. `result` is None if the result's type is not known."""

    result: Type | None


def resolve(name: str, given: Sequence[Given]) -> Chosen | None:
    """Return the signature that fits the arguments: an exact one, or the first that takes them converted.

    Returns None if no signature fits.

    Raises:
        KeyError: there is no function of that name.
    """
    signatures = _signatures()[name]
    for exact in (True, False):
        for arguments, variadic, result in signatures:
            wanted = _spread(arguments, variadic, len(given))
            if wanted is None:
                continue
            chosen = _fit(wanted, result, given, exact=exact)
            if chosen is not None:
                return chosen
    return None


def expected(name: str) -> str:
    """Return the signatures of a function, as an error message lists them."""
    return ", ".join(
        f"{name}({', '.join(arguments)}{'...' if variadic else ''})"
        for arguments, variadic, _ in _signatures()[name]
    )


def known(name: str) -> bool:
    """Return whether the table of signatures has a function of this name."""
    return name in _signatures()


def names() -> frozenset[str]:
    """Return the names of all functions in the table."""
    return frozenset(_signatures())


_Signature = tuple[tuple[str, ...], bool, str]


@cache
def _signatures() -> Mapping[str, tuple[_Signature, ...]]:
    return {**_read_table(_AGGREGATES), **_read_table(_OTHERS)}


def _read_table(table: str) -> dict[str, tuple[_Signature, ...]]:
    found: dict[str, tuple[_Signature, ...]] = {}
    for line in table.strip().splitlines():
        names, _, rest = line.partition(" ")
        signatures: list[_Signature] = []
        for alternative in rest.split(" | "):
            before, _, result = alternative.rpartition("->")
            signatures += _read(before.strip(), result.strip())
        for name in names.split(","):
            found[name] = tuple(signatures)
    return found


def _read(before: str, result: str) -> list[_Signature]:
    optional = re.search(r"\[,(\w+)\]", before)
    if optional:
        short, long = before.replace(optional[0], ""), before.replace(optional[0], f",{optional[1]}")
        return [*_read(short, result), *_read(long, result)]
    variadic = before.endswith("...")
    return [(tuple(_split(before.removesuffix("..."))), variadic, result)]


def _split(text: str) -> list[str]:
    """Split a list at the commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()] if text.strip() else []


def _spread(arguments: tuple[str, ...], variadic: bool, count: int) -> tuple[str, ...] | None:
    if variadic and count >= len(arguments):
        return (*arguments, *arguments[-1:] * (count - len(arguments)))
    return arguments if len(arguments) == count else None


def _fit(wanted: Sequence[str], result: str, given: Sequence[Given], *, exact: bool) -> Chosen | None:
    bound = _Bindings()
    for pattern, kind in zip(wanted, given, strict=True):
        if isinstance(kind, Lambda) != ("=>" in pattern):
            return None
        if not isinstance(kind, Lambda) and not bound.take(pattern, kind, exact=exact):
            return None
    for pattern, kind in zip(wanted, given, strict=True):
        if isinstance(kind, Lambda) and not bound.take_lambda(pattern, kind):
            return None
    arguments = tuple(None if "=>" in pattern else bound.made(pattern) for pattern in wanted)
    for kind, argument in zip(given, arguments, strict=True):
        if argument is not None and not isinstance(kind, Lambda) and not coerces(kind, argument):
            return None
    return Chosen(bound.made(result))


@dataclass
class _Bindings:
    """The types that the letters of a signature stand for in one call."""

    kinds: dict[str, Type | None] = field(default_factory=dict)

    def take(self, pattern: str, kind: Type | None, *, exact: bool) -> bool:
        """Return whether an argument's type fits a pattern; binds the pattern's letters."""
        if kind is None:
            return True
        if pattern in ("N", "I", "M", "decimal"):
            return self._take_group(pattern, kind)
        if pattern in _WORDS:
            wanted = _WORDS[pattern]
            if exact:
                return kind == wanted or kind.name == wanted.name
            return coerces(kind, wanted)
        if "(" not in pattern:
            return self._bind(pattern, kind)
        name, _, inner = pattern.partition("(")
        if kind == sql_types.UNKNOWN:
            return not exact
        if name == "array" and kind == sql_types.JSON:
            return False
        parts = _split(inner[:-1])
        if kind.name != {"row": "struct"}.get(name, name) or len(parts) != len(kind.arguments):
            return False
        return all(self.take(part, of, exact=exact) for part, of in zip(parts, kind.arguments, strict=True))

    def _take_group(self, group: str, kind: Type) -> bool:
        fits = {
            "N": sql_types.is_number(kind),
            "I": kind.name in sql_types.INTEGERS,
            "M": kind.name in sql_types.MOMENTS,
            "decimal": kind.name == "decimal",
        }[group]
        if kind == sql_types.UNKNOWN:
            return True
        return fits and self._bind("N" if group == "decimal" else group, kind)

    def _bind(self, name: str, kind: Type) -> bool:
        joined = common(self.kinds.get(name), kind)
        if joined is None and self.kinds.get(name) is not None:
            return False
        self.kinds[name] = joined
        return True

    def take_lambda(self, pattern: str, kind: Lambda) -> bool:
        parameters, _, body = pattern.strip("()").partition(" => ")
        names = _split(parameters)
        if len(names) != kind.parameters:
            return False
        found = kind.body([self.made(name) for name in names])
        return True if found is None else self.take(body, found, exact=False)

    def made(self, pattern: str) -> Type | None:
        """Return the type that a pattern stands for; None if it is not known."""
        if pattern == "decimal38":
            bound = self.kinds.get("N")
            return Type("decimal", (38, bound.arguments[1])) if bound else None
        if pattern in _WORDS:
            return _WORDS[pattern]
        if "(" not in pattern:
            return self.kinds.get("N" if pattern == "decimal" else pattern)
        name, _, inner = pattern.partition("(")
        parts = [self.made(part) for part in _split(inner[:-1])]
        if name == "row":
            return sql_types.row_of(parts)
        return None if None in parts else Type(name, tuple(parts))


AGGREGATES = frozenset(_read_table(_AGGREGATES))
"""Functions of all rows of a group."""
