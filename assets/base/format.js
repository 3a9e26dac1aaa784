/* Numbers and durations in words. */

/** A number with so many digits, and no zeros behind them.
 * @type {(x: number, n?: number) => string} */
export const digits = (x, n = 3) => Number(x.toPrecision(n)).toString();

/** A number in three digits; what is none has left every bound.
 * @type {(value: number | null) => string} */
export const short = (value) =>
  value === null
    ? "∞"
    : value !== 0 && (value < 1e-3 || value >= 1e5)
    ? value.toExponential(1)
    : value.toPrecision(3);

/** A sharpness in thresholds, as headlines give it.
 * @type {(ratio: number) => string} */
export const ofEdge = (ratio) => (ratio > 0.01 && ratio < 1e5 ? ratio.toFixed(3) : short(ratio));

/** A learning rate in multiples of η_C, or of what stands in for it.
 * @type {(lr: number, unit: { value: number, symbol: string }, places?: number) => string} */
export const inUnits = (lr, { value, symbol }, places) =>
  `${digits(lr / value, places)} ${symbol === "η_C" ? "" : "· "}${symbol}`;

/** A place in a line: 1st, 2nd, 3rd, 4th.
 * @param {number} n */
export function ordinal(n) {
  const tail = n % 100 > 10 && n % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${tail}`;
}

/** Where the result comes from, in words.
 * @type {(result: Partial<Result>) => string} */
export const origin = ({ cached, degraded }) =>
  `${cached ? "cached" : "computed"}${degraded ? ", running without the shared cache" : ""}`;

/** How long it took, in words.
 * @param {{ end: unknown, seconds: number, began: number }} result */
export function duration(result) {
  const seconds = result.end ? result.seconds : (performance.now() - result.began) / 1000;
  return seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`;
}
