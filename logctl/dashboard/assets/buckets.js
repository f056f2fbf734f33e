// The histogram's numbers: bars and their positions, and the selection of a time range.

import { LEVELS } from "./levels.js";
import { number } from "./text.js";
import { localTime } from "./times.js";

/** @typedef {import("./answers.d.ts").Answers["counts"]} Counts */
/** @typedef {Counts["buckets"][number]} Bucket */

const LEAST_HEIGHT = 1.5; // a single record among thousands stays visible

/**
 * Return the number of records in a bucket.
 * @param {Bucket} bucket
 */
export const total = (bucket) => Object.values(bucket.counts).reduce((sum, count) => sum + count, 0);

/**
 * Return counts with their last buckets as a later answer has them. The range keeps its length: it ends where the
 * later answer ends.
 * @param {Counts} before
 * @param {Counts} later
 * @returns {Counts}
 */
export function continued(before, later) {
  const length = Date.parse(before.until) - Date.parse(before.since);
  const since = Date.parse(later.until) - length;
  const ends = (/** @type {Bucket} */ bucket) => Date.parse(bucket.at) + later.step_ms;
  const first = later.buckets[0]?.at ?? later.since;
  const kept = before.buckets.filter((bucket) => bucket.at < first);
  const buckets = [...kept, ...later.buckets].filter((bucket) => ends(bucket) > since);
  return {
    ...later,
    since: new Date(since).toISOString(),
    buckets,
    total: buckets.reduce((sum, bucket) => sum + total(bucket), 0),
  };
}

/**
 * Return one bar for each bucket. The least severe level is at the bottom.
 * @param {Bucket[]} buckets
 * @param {{width: number, height: number}} area
 */
export function bars(buckets, { width, height }) {
  const most = Math.max(1, ...buckets.map(total));
  const step = width / Math.max(1, buckets.length);
  return buckets.map((bucket, place) => {
    let top = height;
    const parts = LEVELS.toReversed()
      .filter((level) => bucket.counts[level])
      .map((level) => {
        const partHeight = Math.max((bucket.counts[level] / most) * height, LEAST_HEIGHT);
        top -= partHeight;
        return {
          level,
          x: (place + 0.08) * step,
          width: step * 0.84,
          y: Math.max(0, top),
          height: partHeight,
        };
      });
    return { at: bucket.at, total: total(bucket), parts };
  });
}

/**
 * Return the bucket at a position, from 0 (left edge) to 1 (right edge); the nearest one outside of that.
 * @param {number} position
 * @param {number} count
 */
export const bucketAt = (position, count) => within(Math.floor(position * count), count);

/**
 * Return the bucket next to the current one; the outermost one if there is none yet.
 * @param {number | null} current
 * @param {number} step 1 or -1
 * @param {number} count
 */
export function neighbour(current, step, count) {
  if (current === null) return step > 0 ? 0 : count - 1;
  return within(current + step, count);
}

/**
 * @param {number} index
 * @param {number} count
 */
const within = (index, count) => Math.min(count - 1, Math.max(0, index));

/**
 * Return the time range of some buckets.
 * @param {Bucket[]} buckets adjacent ones, in order
 * @param {number} stepMs
 */
export function timeRange(buckets, stepMs) {
  const last = Date.parse(buckets[buckets.length - 1].at);
  return { from: buckets[0].at, to: new Date(last + stepMs).toISOString() };
}

/**
 * Return the time range of some buckets and their records by level, as text.
 * @param {Bucket[]} buckets adjacent ones, in order
 * @param {number} stepMs
 */
export function label(buckets, stepMs) {
  const { from, to } = timeRange(buckets, stepMs);
  const parts = LEVELS.map((level) => ({
    level,
    count: buckets.reduce((sum, bucket) => sum + (bucket.counts[level] ?? 0), 0),
  })).filter(({ count }) => count);
  const counts = parts.map(({ level, count }) => `${level} ${number(count)}`).join(", ");
  return `${localTime(from)} – ${localTime(to)}: ${counts || "nothing"}`;
}
