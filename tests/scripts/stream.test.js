import { deepEqual, ok, rejects } from "node:assert/strict";
import { signal } from "../../assets/base/signal.js";
import { BUSY, pause, readLines } from "../../assets/base/stream.js";

const RECORDS = [{ type: "start", words: "η ≥ 2/λ" }, { type: "chunk", loss: [1, 0.5] }, {
  type: "end",
}];

/** The bytes of a text in pieces of a size, as a network may cut them. */
const pieces = (/** @type {string} */ text, /** @type {number} */ size) => {
  const bytes = new TextEncoder().encode(text);
  const number = Math.ceil(bytes.length / size);
  return ReadableStream.from(
    Array.from({ length: number }, (_, i) => bytes.slice(i * size, (i + 1) * size)),
  );
};

for (const size of [1, 2, 3, 7, 1000]) {
  Deno.test(`lines are whole, in pieces of ${size} bytes`, async () => {
    const text = RECORDS.map((record) => JSON.stringify(record) + "\n").join("");
    /** @type {unknown[]} */
    const read = [];
    await readLines(pieces(text, size), (record) => read.push(record));
    deepEqual(read, RECORDS);
  });
}

Deno.test("a line that is cut is none", async () => {
  /** @type {unknown[]} */
  const read = [];
  await readLines(pieces('{"a": 1}\n{"b"', 5), (record) => read.push(record));
  deepEqual(read, [{ a: 1 }]);
});

Deno.test("what a line says may end the stream", async () => {
  const refuse = () => {
    throw new Error("refused");
  };
  await rejects(readLines(pieces('{"a": 1}\n', 100), refuse), /refused/);
});

Deno.test("another try comes later the more there were, and as late as the server says", () => {
  for (let i = 0; i < 200; i++) {
    const [told, first, second, late] = [
      pause({ retry_after: 4 }, 1),
      pause({}, 1),
      pause({}, 2),
      pause({}, 50),
    ];
    ok(told >= 4 && told <= 6);
    ok(first >= 0.2 && first <= 1);
    ok(second >= 2 && second <= 6);
    ok(late >= 5 && late <= 15);
  }
  ok(BUSY.has(503) && !BUSY.has(500));
});

Deno.test("all who listen are told, in the order in which they began to", () => {
  const changed = signal();
  /** @type {string[]} */
  const heard = [];
  changed.listen((name) => heard.push(`first ${name}`));
  changed.listen((name) => heard.push(`second ${name}`));
  changed("lr");
  deepEqual(heard, ["first lr", "second lr"]);
});
