import { deepEqual, equal, notEqual } from "node:assert/strict";
import { hatch, paintCodes, parsed, pattern, word } from "../../assets/base/paint.js";
import { pngAddress, pngChunk, pngWithText } from "../../assets/base/png.js";

/** The chunks of a PNG by type, in order. */
function chunksOf(/** @type {Uint8Array} */ png) {
  const view = new DataView(png.buffer, png.byteOffset);
  const found = [];
  for (let at = 8; at < png.length;) {
    const size = view.getUint32(at);
    const type = new TextDecoder().decode(png.subarray(at + 4, at + 8));
    found.push({ type, content: png.slice(at + 8, at + 8 + size) });
    at += size + 12;
  }
  return found;
}

/** The bytes behind the address of a picture. */
const bytesOf = (/** @type {string} */ url) =>
  Uint8Array.from(atob(url.split(",")[1]), (character) => character.charCodeAt(0));

const inflated = async (/** @type {Uint8Array<ArrayBuffer>} */ bytes) => {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

Deno.test("the checksum of a chunk is that of the specification", () => {
  deepEqual([...pngChunk("IEND", new Uint8Array()).slice(-4)], [0xae, 0x42, 0x60, 0x82]);
});

Deno.test("a picture holds its pixels, rows from the top", async () => {
  const pixels = Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => 7 * i);
  const png = bytesOf(await pngAddress(pixels, 2, 3));
  const [header, data, end] = chunksOf(png);
  deepEqual([header.type, data.type, end.type], ["IHDR", "IDAT", "IEND"]);
  deepEqual([...header.content], [0, 0, 0, 2, 0, 0, 0, 3, 8, 6, 0, 0, 0]);
  const rows = await inflated(data.content);
  for (let row = 0; row < 3; row++) {
    equal(rows[row * 9], 0); // no filter
    deepEqual(rows.slice(row * 9 + 1, row * 9 + 9), pixels.slice(row * 8, row * 8 + 8));
  }
});

Deno.test("texts go behind the header", async () => {
  const png = bytesOf(await pngAddress(new Uint8Array(4), 1, 1));
  const [header, text, ...rest] = chunksOf(pngWithText(png, { Software: "eosdash η" }));
  equal(header.type, "IHDR");
  equal(text.type, "iTXt");
  equal(new TextDecoder().decode(text.content), "Software\0\0\0\0\0eosdash η");
  deepEqual(rest, chunksOf(png).slice(1));
});

Deno.test("a pixel is its colour in bytes", () => {
  deepEqual(parsed("#1b9e77"), [0x1b, 0x9e, 0x77]);
  const bytes = new Uint8Array(new Uint32Array([word([1, 2, 3])]).buffer);
  deepEqual([...bytes], [1, 2, 3, 255]);
});

Deno.test("outcomes are told apart without colour", () => {
  const white = word([255, 255, 255]);
  const seen = ["minimum", "undecided", "saddle", "periodic", "bounded"].map((_, code, names) => {
    const pixels = new Uint32Array(16).fill(white);
    pattern(pixels, new Uint8Array(16).fill(code), 4, names);
    return pixels.join();
  });
  equal(seen[0], new Uint32Array(16).fill(white).join()); // solid
  equal(new Set(seen).size, seen.length);
});

Deno.test("what another budget would change is checkered", () => {
  const pixels = new Uint32Array(4);
  hatch(pixels, new Uint8Array([1, 1, 0, 1]), 2);
  const white = word([255, 255, 255]);
  deepEqual([...pixels], [0, 0, 0, white]); // rows of pixels from the top
});

Deno.test("a picture of codes has row 0 at the bottom", async () => {
  const url = await paintCodes(new Uint8Array([0, 0, 1, 1]), 2, ["#000000", "#ffffff"], ["a", "b"]);
  const rows = await inflated(chunksOf(bytesOf(url))[1].content);
  notEqual(rows[1], 0);
  equal(rows[10], 0);
});
