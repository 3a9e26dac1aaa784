import { equal } from "node:assert/strict";
import {
  digits,
  duration,
  inUnits,
  ofEdge,
  ordinal,
  origin,
  short,
} from "../../assets/base/format.js";
import { percent, SHARE_TICKS } from "../../assets/base/percent.js";
import { toSearch } from "../../assets/base/query.js";
import { marked } from "../../assets/base/text.js";

Deno.test("shares are rounded as their decimals are, and never to all or nothing", () => {
  equal(percent(1 / 16), "6.3 %");
  equal(percent(41 / 2000), "2.1 %");
  equal(percent(1 / 300), "0.33 %");
  equal(percent(1 - 1 / 2 ** 20), "99.99 %");
  equal(percent(1e-9), "0.01 %");
  equal(percent(0), "0 %");
  equal(percent(1), "100 %");
  for (const none of [NaN, -0.1, 1.2]) equal(percent(none), "–");
  equal(SHARE_TICKS.tickvals.length, SHARE_TICKS.ticktext.length);
});

Deno.test("numbers have no zeros behind them", () => {
  equal(digits(0.30000001), "0.3");
  equal(digits(123456), "123000");
  equal(digits(2 / 3, 5), "0.66667");
});

Deno.test("what has left every bound is infinite", () => {
  equal(short(null), "∞");
  equal(short(0), "0.00");
  equal(short(1e-4), "1.0e-4");
  equal(short(12.345), "12.3");
  equal(ofEdge(0.99961), "1.000");
  equal(ofEdge(1e6), "1.0e+6");
});

Deno.test("a learning rate is a multiple of η_C, or of what stands in for it", () => {
  equal(inUnits(0.8, { value: 1, symbol: "η_C" }, 3), "0.8 η_C");
  equal(inUnits(0.8, { value: 0.4, symbol: "2/S" }), "2 · 2/S");
});

Deno.test("places in a line", () => {
  const words = [1, 2, 3, 4, 11, 12, 13, 21, 102, 113].map(ordinal);
  equal(words.join(" "), "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 113th");
});

Deno.test("where a result comes from, and how long it took", () => {
  equal(origin({ cached: true }), "cached");
  equal(origin({ degraded: true }), "computed, running without the shared cache");
  equal(duration({ end: {}, seconds: 0.0123, began: 0 }), "12 ms");
  equal(duration({ end: {}, seconds: 2.345, began: 0 }), "2.3 s");
});

Deno.test("lists stand in a link as they are written", () => {
  equal(toSearch({ weights: "0.5,1", lr: 0.3 }), "weights=0.5,1&lr=0.3");
});

Deno.test("a text has the marks of its terms where there are any", () => {
  const record = { notes: "plain", words: "plain", marked: { words: "[[plain]]" } };
  equal(marked(record, "words"), "[[plain]]");
  equal(marked(record, "notes"), "plain");
});
