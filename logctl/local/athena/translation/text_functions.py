"""Functions of text and bytes, regular expressions and URLs."""

from __future__ import annotations

import re

from sqlglot import exp

from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.translation.builders import call, paren, text
from logctl.local.athena.translation.function_call import FunctionCall, Rewrite, Translations

_NOT_RE2 = re.compile(r"\(\?<?[=!]|\(\?>|\\[1-9]|[*+?}]\+|\\k<|\\G|&&")
"""What Java's regular expressions have and RE2, which DuckDB uses, has not."""


def _concat(given: FunctionCall) -> exp.Expr:
    """Translate the concatenation of texts or arrays; an element next to an array is an array of one."""
    parts = given.arguments
    if "array" in [given.kind(place) for place in range(len(parts))]:
        parts = [
            part if given.kind(place) in ("array", "") else exp.Array(expressions=[part])
            for place, part in enumerate(parts)
        ]
    joined = parts[0]
    for part in parts[1:]:
        joined = exp.DPipe(this=joined, expression=part, safe=False)
    return paren(joined)


def _concat_ws(given: FunctionCall) -> exp.Expr:
    if len(given.arguments) == 2 and given.kind(1) == "array":
        separator, parts = given.arguments
        return call("trino_array_join", parts, separator)
    return call("concat_ws", *given.arguments)


def _for_bytes(name: str, of_bytes: str) -> Rewrite:
    """Return the rule for a function that has another name in DuckDB if its argument is varbinary."""
    return lambda given: call(of_bytes if given.kind() == "binary" else name, *given.arguments)


def _text_only(name: str) -> Rewrite:
    def rewrite(given: FunctionCall) -> exp.Expr:
        if given.kind() == "binary":
            raise NotSupported(f"{given.name} of varbinary")
        return call(name, *given.arguments)

    return rewrite


def _reverse(given: FunctionCall) -> exp.Expr:
    name = {"binary": "trino_reverse_bytes", "array": "list_reverse"}.get(given.kind(), "reverse")
    return call(name, *given.arguments)


# ── Regular expressions ─────────────────────────────────────────────────────────────────────────────


def _regexp(name: str) -> Rewrite:
    def rewrite(given: FunctionCall) -> exp.Expr:
        _to_re2(given)
        return call(name, *given.arguments)

    return rewrite


def _to_re2(given: FunctionCall) -> str | None:
    """Change a literal pattern to RE2's syntax, in place. Returns its text; None if it is not a literal.

    Raises:
        NotSupported: the pattern has something that RE2 does not have.
    """
    pattern = given.literal(1)
    if pattern is None:
        return None
    if _NOT_RE2.search(pattern.replace("\\\\", "")):
        raise NotSupported("A regular expression with look-around, back references or possessive quantifiers")
    changed = re.sub(r"\(\?<([A-Za-z])", r"(?P<\1", pattern)
    given.arguments[1].set("this", changed)
    return changed


def _regexp_replace(given: FunctionCall) -> exp.Expr:
    pattern = _to_re2(given)
    if len(given.arguments) == 3 and isinstance(given.arguments[2], exp.Lambda):
        raise NotSupported("regexp_replace with a lambda")
    replacement = given.literal(2)
    if replacement is None:
        return call("trino_regexp_replace", *given.arguments)
    replacement = _to_re2_replacement(replacement, pattern or "")
    return call("regexp_replace", *given.arguments[:2], text(replacement), text("g"))


def _to_re2_replacement(replacement: str, pattern: str) -> str:
    r"""Return a replacement with groups as `\1`, from one with groups as in Java, `$1` or `${name}`.

    Raises:
        QueryError: it names a group that the pattern does not have, or has a `$` that names none.
    """
    groups = re.findall(r"\(\?P<(\w+)>|(\()(?!\?)", pattern)
    places = {name: place for place, (name, _) in enumerate(groups, 1) if name}

    def converted(part: re.Match[str]) -> str:
        if part["escaped"]:
            return r"\\" if part["escaped"] == "\\" else part["escaped"]
        if part["number"]:
            return rf"\{part['number']}"
        if part["name"] in places:
            return rf"\{places[part['name']]}"
        if part["name"]:
            raise QueryError(
                f"INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: unknown group {{ {part['name']} }}"
            )
        raise QueryError("INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: " + replacement)

    parts = r"\\(?P<escaped>.)|\$\{(?P<name>\w+)\}|\$(?P<number>\d)|\$"
    return re.sub(parts, converted, replacement, flags=re.DOTALL)


def _regexp_extract(given: FunctionCall) -> exp.Expr:
    pattern, group = _to_re2(given), given.literal(2)
    extracted = call("trino_regexp_extract", *given.arguments)
    if pattern is None or group is None:
        return extracted
    groups = len(re.findall(r"(?<!\\)\((?!\?)|\(\?P<", pattern))
    if int(group) > groups:
        raise QueryError(
            f"INVALID_FUNCTION_ARGUMENT: Pattern has {groups} groups. Cannot access group {group}"
        )
    if groups and re.search(r"\||\)[?*]", pattern):
        # RE2 does not distinguish an empty group from one that took no part in the match.
        return exp.Nullif(this=extracted, expression=text(""))
    return extracted


TEXT_FUNCTIONS: Translations = {
    "char_length": _for_bytes("length", "octet_length"),
    "character_length": _for_bytes("length", "octet_length"),
    "codepoint": "unicode",
    "concat": _concat,
    "concat_ws": _concat_ws,
    "from_hex": "trino_from_hex",
    "from_utf8": "decode",
    "hamming_distance": "trino_hamming",
    "length": _for_bytes("length", "octet_length"),
    "levenshtein_distance": "trino_levenshtein",
    "lpad": _text_only("trino_lpad"),
    "ltrim": "trino_ltrim",
    "md5": "trino_md5",
    "normalize": "nfc_normalize",
    "regexp_count": _regexp("trino_regexp_count"),
    "regexp_extract": _regexp_extract,
    "regexp_extract_all": _regexp("trino_regexp_extract_all"),
    "regexp_like": _regexp("regexp_matches"),
    "regexp_replace": _regexp_replace,
    "regexp_split": _regexp("string_split_regex"),
    "replace": "trino_replace",
    "reverse": _reverse,
    "rpad": _text_only("trino_rpad"),
    "rtrim": "trino_rtrim",
    "sha1": "trino_sha1",
    "sha256": "trino_sha256",
    "split": "trino_split",
    "split_part": "trino_split_part",
    "split_to_map": "trino_split_to_map",
    "strpos": "trino_strpos",
    "substr": _for_bytes("trino_substr", "trino_substr_bytes"),
    "substring": _for_bytes("trino_substr", "trino_substr_bytes"),
    "to_hex": "hex",
    "to_utf8": "encode",
    "trim": "trino_trim",
    "upper": "trino_upper",
    "url_decode": "trino_url_decode",
    "url_encode": "trino_url_encode",
    "url_extract_fragment": "trino_url_fragment",
    "url_extract_host": "trino_url_host",
    "url_extract_parameter": "trino_url_parameter",
    "url_extract_path": "trino_url_path",
    "url_extract_port": "trino_url_port",
    "url_extract_protocol": "trino_url_protocol",
    "url_extract_query": "trino_url_query",
}
