/* Pictures made of pixels, as PNG. No canvas is asked back for what was painted on it: where that
 * would tell who looks, browsers answer with noise. */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const RGBA = [8, 6, 0, 0, 0]; // eight bits each, by rows (PNG specification, 11.2.1)

/** The address of a picture of RGBA bytes, row by row from the top.
 * @param {Uint8Array | Uint8ClampedArray} pixels
 * @param {number} width
 * @param {number} height
 * @returns {Promise<string>} */
export async function pngAddress(pixels, width, height) {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set(RGBA, 8);
  const line = 4 * width;
  const rows = new Uint8Array(height * (1 + line)); // each begins with its filter: none
  for (let row = 0; row < height; row++)
    rows.set(pixels.subarray(row * line, (row + 1) * line), row * (1 + line) + 1);
  const packed = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(packed).arrayBuffer());
  const chunks = [
    pngChunk("IHDR", header),
    pngChunk("IDAT", data),
    pngChunk("IEND", new Uint8Array()),
  ];
  return address(
    new Blob([new Uint8Array(SIGNATURE), ...chunks], {
      type: "image/png",
    }),
  );
}

/** @type {(blob: Blob) => Promise<any>} */
const address = (blob) =>
  new Promise((resolve, reject) => {
    const reader = Object.assign(new FileReader(), {
      onload: () => resolve(reader.result),
      onerror: reject,
    });
    reader.readAsDataURL(blob);
  });

/** A part of a PNG: its length, type, content and checksum.
 * @param {string} type
 * @param {Uint8Array} content */
export function pngChunk(type, content) {
  const made = new Uint8Array(content.length + 12);
  const view = new DataView(made.buffer);
  view.setUint32(0, content.length);
  made.set(new TextEncoder().encode(type), 4);
  made.set(content, 8);
  view.setUint32(content.length + 8, crc(made.subarray(4, content.length + 8)));
  return made;
}

/** The checksum of a chunk (PNG specification, annex D).
 * @param {Uint8Array} bytes */
function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++)
      value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return ~value >>> 0;
}

const SIGNATURE_AND_HEADER = 8 + 25;

/** A PNG with texts by keyword, as iTXt chunks behind its header (PNG specification, 11.3.3).
 * @param {Uint8Array<ArrayBuffer>} png
 * @param {ByName<string>} texts */
export function pngWithText(png, texts) {
  const chunks = Object.entries(texts).map(([keyword, text]) =>
    pngChunk("iTXt", new TextEncoder().encode(`${keyword}\0\0\0\0\0${text}`))
  );
  const parts = [png.slice(0, SIGNATURE_AND_HEADER), ...chunks, png.slice(SIGNATURE_AND_HEADER)];
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}
