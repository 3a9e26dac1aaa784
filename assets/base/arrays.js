/* Arrays: unpacked from a line of a stream, and what is known of their values. */

/** @type {ByName<any>} */
const TYPES = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** The typed array of a part of a record.
 * @param {Packed} part */
export function unpacked({ dtype, data }) {
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new TYPES[dtype](bytes.buffer);
}

/** Those that are numbers.
 * @type {(values: Values) => number[]} */
export const finite = (values) => values.filter((value) => Number.isFinite(value)).map(Number);

/** −∞ if there is none.
 * @type {(values: Values) => number} */
export const largest = (values) => finite(values).reduce((a, b) => Math.max(a, b), -Infinity);

/** ∞ if there is none.
 * @type {(values: Values) => number} */
export const smallest = (values) => finite(values).reduce((a, b) => Math.min(a, b), Infinity);

/** The upper one of two; NaN if there is none.
 * @param {Values} values */
export function median(values) {
  const sorted = finite(values).sort((a, b) => a - b);
  return sorted.length ? sorted[Math.floor(sorted.length / 2)] : NaN;
}

/** Mean over some steps about each, of those that are there.
 * @param {Values} values
 * @param {number} width
 * @returns {Values} */
export function localMean(values, width) {
  const half = Math.floor(width / 2);
  const sums = [0];
  const counts = [0];
  for (const value of values) {
    const there = Number.isFinite(value);
    sums.push(sums[sums.length - 1] + (there ? Number(value) : 0));
    counts.push(counts[counts.length - 1] + Number(there));
  }
  return values.map((_, i) => {
    const [low, high] = [Math.max(0, i - half), Math.min(values.length, i + half + 1)];
    const count = counts[high] - counts[low];
    return count ? (sums[high] - sums[low]) / count : null;
  });
}

/** Centred moving average; ends use what there is.
 * @param {Values} values
 * @returns {Values} */
export function smooth(values, steps = 1) {
  const width = Math.floor(steps);
  if (!(width > 1)) return values;
  const sums = [0];
  for (const value of values) sums.push(sums[sums.length - 1] + (value ?? 0));
  const half = width / 2;
  return values.map((_, i) => {
    const low = Math.max(0, Math.ceil(i - half));
    const high = Math.min(values.length, Math.floor(i + half) + 1);
    return (sums[high] - sums[low]) / (high - low);
  });
}
