/* Pictures of codes: colours, the patterns that tell them apart without, and marks over them. */

import { pngAddress } from "./png.js";

/** A pixel of a colour, as the bytes of a picture hold it.
 * @type {(colour: number[]) => number} */
export const word = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** The colour of a hexadecimal number.
 * @type {(hex: string) => number[]} */
export const parsed = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** A pattern for every outcome but those that are solid or empty, as bits of 4 × 4 pixels: told
 * apart without colour.
 * @type {ByName<number[]>} */
const PATTERNS = {
  undecided: [0b0001, 0b0010, 0b0100, 0b1000], // hatched
  saddle: [0b1001, 0b0110, 0b0110, 0b1001], // crosses
  periodic: [0b1111, 0b0000, 0b0000, 0b0000], // lines
  bounded: [0b0100, 0b0000, 0b0001, 0b0000], // dots
};

/** A picture below the curves of a figure, from its upper left corner, in the units of the axes.
 * @param {string} source
 * @param {{ x: number, y: number, sizex: number, sizey: number }} place */
export const imageBelow = (source, place) => ({
  source,
  xref: "x",
  yref: "y",
  layer: "below",
  sizing: "stretch",
  xanchor: "left",
  yanchor: "top",
  ...place,
});

const FINEST = 256; // pixels across, up to which a pattern is as fine as the map

/** Lay the patterns of outcomes over their colours.
 * @param {Uint32Array} pixels
 * @param {Uint8Array} outcome
 * @param {number} size
 * @param {string[]} outcomes */
export function pattern(pixels, outcome, size, outcomes) {
  const patterns = outcomes.map((name) => PATTERNS[name]);
  const shift = Math.max(0, Math.round(Math.log2(size / FINEST)));
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const bits = patterns[outcome[row * size + column]];
      if (!bits || !((bits[(row >> shift) & 3] >> ((column >> shift) & 3)) & 1)) continue;
      const at = (size - 1 - row) * size + column;
      pixels[at] = shaded(pixels[at]);
    }
}

/** Darker, or lighter if it is dark already.
 * @param {number} pixel */
function shaded(pixel) {
  const parts = [0, 8, 16].map((by) => (pixel >> by) & 255);
  const to = Math.max(...parts) < 100 ? 255 : 0;
  const [red, green, blue] = parts.map((part) => Math.round(0.68 * part + 0.32 * to));
  return word([red, green, blue]);
}

/** A picture of codes alone, (n × n), row 0 at the bottom.
 * @param {Uint8Array} codes
 * @param {number} size
 * @param {string[]} colours
 * @param {string[]} outcomes */
export function paintCodes(codes, size, colours, outcomes) {
  const fixed = colours.map((hex) => word(parsed(hex)));
  const pixels = new Uint32Array(size * size);
  codes.forEach((code, i) => {
    pixels[(size - 1 - Math.floor(i / size)) * size + (i % size)] = fixed[code];
  });
  pattern(pixels, codes, size, outcomes);
  return pngAddress(new Uint8Array(pixels.buffer), size, size);
}

/** Pixels that another budget would change are checkered white.
 * @param {Uint32Array} pixels
 * @param {Uint8Array} changed
 * @param {number} size */
export function hatch(pixels, changed, size) {
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      if (changed[row * size + column] && (row + column) % 2)
        pixels[(size - 1 - row) * size + column] = word([255, 255, 255]);
}
