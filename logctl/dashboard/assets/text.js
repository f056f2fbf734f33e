// Text that is safe to show. Log records are untrusted: they can hold control characters and bidirectional
// overrides that hide or reorder what is on the page.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/**
 * Return text as one line, with invisible characters as escapes (\x1b, \u202e), as `logctl tail` prints them.
 * @param {unknown} value
 */
export function escaped(value) {
  return String(value).replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x100) return "\\x" + code.toString(16).padStart(2, "0");
    if (code < 0x10000) return "\\u" + code.toString(16).padStart(4, "0");
    return "\\U" + code.toString(16).padStart(8, "0");
  });
}

/**
 * Return text escaped line by line: line breaks are kept.
 * @param {unknown} value
 */
export const escapedLines = (value) => String(value).split("\n").map(escaped).join("\n");

/**
 * Return a number with thousands separators.
 * @param {number} value
 */
export const number = (value) => Number(value).toLocaleString("en");
