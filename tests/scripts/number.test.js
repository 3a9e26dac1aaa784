import { equal, throws } from "node:assert/strict";
import { readNumber } from "../../assets/base/number.js";

const MEANT = {
  "0.3": 0.3,
  "  12 ": 12,
  "1e-3": 0.001,
  ".5": 0.5,
  "3.": 3,
  "−2": -2,
  "- 2": -2,
  "+4": 4,
  "0,25": 0.25,
  "1,234,567.5": 1234567.5,
  "1.234.567": 1234567,
  "1.234,5": 1234.5,
  "1'000": 1000,
  "12\u202f345,5": 12345.5,
};

for (const [text, value] of Object.entries(MEANT)) {
  Deno.test(`“${text}” is ${value}`, () => equal(readNumber(text), value));
}

const REFUSED = {
  "": /needed/,
  "abc": /not a number/,
  "1.2.3": /several ways/,
  "1,23,4": /several ways/,
  "1e400": /too large/,
  "1e-400": /too close to 0/,
};

for (const [text, message] of Object.entries(REFUSED)) {
  Deno.test(`“${text}” is refused`, () => throws(() => readNumber(text), message));
}

Deno.test("whole numbers are whole", () => {
  equal(readNumber("1,000", true), 1000);
  throws(() => readNumber("1.5", true), /whole/);
  throws(() => readNumber("1e16", true), /whole/);
});

Deno.test("zero has no sign", () => equal(Object.is(readNumber("-0"), 0), true));
