import { deepEqual, equal, ok } from "node:assert/strict";
import {
  finite,
  largest,
  localMean,
  median,
  smallest,
  smooth,
  unpacked,
} from "../../assets/base/arrays.js";

const SOME = [3, null, -1, NaN, 2, Infinity];

Deno.test("what is no number does not count", () => {
  deepEqual(finite(SOME), [3, -1, 2]);
  equal(largest(SOME), 3);
  equal(smallest(SOME), -1);
  equal(median(SOME), 2);
  equal(largest([]), -Infinity);
  ok(Number.isNaN(median([null])));
});

Deno.test("arrays are unpacked bit by bit", () => {
  const values = new Float64Array([0.1, -Infinity, NaN, 5e-324]);
  const data = btoa(String.fromCharCode(...new Uint8Array(values.buffer)));
  const found = unpacked({ dtype: "float64", data });
  deepEqual([...found].map(String), [...values].map(String));
  deepEqual(unpacked({ dtype: "uint8", data: btoa("\x00\xff") }), new Uint8Array([0, 255]));
});

/** The mean of those that are numbers, one by one. */
const mean = (/** @type {Values} */ values) => {
  const there = finite(values);
  return there.length ? there.reduce((a, b) => a + b, 0) / there.length : null;
};

Deno.test("a local mean is that of the steps about each, of those that are there", () => {
  const values = Array.from({ length: 40 }, (_, i) => (i % 7 ? Math.sin(i) : null));
  const found = localMean(values, 5);
  values.forEach((_, i) => {
    const expected = mean(values.slice(Math.max(0, i - 2), i + 3));
    ok(Math.abs(Number(found[i]) - Number(expected)) < 1e-12);
  });
  deepEqual(localMean([null, null], 3), [null, null]);
});

Deno.test("a moving average is centred, and its ends use what there is", () => {
  const values = Array.from({ length: 30 }, (_, i) => i * i);
  const found = smooth(values, 5);
  values.forEach((_, i) => {
    const expected = mean(values.slice(Math.max(0, i - 2), i + 3));
    ok(Math.abs(Number(found[i]) - Number(expected)) < 1e-9);
  });
  equal(smooth(values, 1), values);
  equal(smooth(values), values);
});
