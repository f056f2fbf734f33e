// The severity levels of records.

/** The levels, most severe first. */
export const LEVELS = ["FATAL", "ERROR", "WARN", "NOTICE", "INFO", "DEBUG", "TRACE", "UNKNOWN"];

/**
 * Return a level as part of a CSS class name; UNKNOWN for anything that is no level.
 * @param {string} level
 */
export const levelClass = (level) => (LEVELS.includes(level) ? level : "UNKNOWN");
