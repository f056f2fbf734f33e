// Which rows of a long list are visible. All lengths are in pixels.

const OVERSCAN = 12; // rows drawn beyond each edge, so that scrolling shows no gaps

/** @typedef {{scrollTop: number, clientHeight: number}} Viewport */

/**
 * Return the rows to draw, as the first index and the index after the last.
 * @param {Viewport} viewport
 * @param {number} rowHeight
 * @param {number} count
 */
export function visibleRows({ scrollTop, clientHeight }, rowHeight, count) {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN);
  const end = Math.min(count, Math.ceil((scrollTop + clientHeight) / rowHeight) + OVERSCAN);
  return { first, end };
}

/**
 * Return the scroll position that shows a row completely, with as little movement as possible.
 * @param {Viewport} viewport
 * @param {number} rowHeight
 * @param {number} index
 */
export function scrollTopToShow({ scrollTop, clientHeight }, rowHeight, index) {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + rowHeight - clientHeight);
}
