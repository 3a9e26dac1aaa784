/* The picture of a map. */

import { hatch, parsed, pattern, word } from "../base/paint.js";
import { pngAddress } from "../base/png.js";

const LOWEST_LOSS = -12; // powers of ten below that are all alike

/** From a pixel to a place on the ramp from 0 to 1; NaN for those that keep their outcome's
 * colour. And what the ends of the ramp mean. */
const FIELDS = {
  steps(map) {
    const steps = map.level.get("steps");
    const outcome = map.level.get("outcome");
    const all = Math.log(map.start.params.steps);
    const decided = ["minimum", "diverged"].map((name) => map.start.outcomes.indexOf(name));
    return {
      at: (i) => (decided.includes(outcome[i]) ? Math.log(steps[i]) / all : NaN),
      ends: ["1 step", `${map.start.params.steps.toLocaleString("en")} steps`],
      name: "until it arrives or leaves, log scale",
    };
  },
  sharpness(map) {
    const sharpness = map.level.get("sharpness");
    const { size } = map.level;
    const half = Array.from({ length: size }, (_, column) => map.lr(column) / 2);
    return {
      at: (i) => sharpness[i] * half[i % size],
      ends: ["0", "1 = 2/η, the edge"],
      name: "final sharpness",
    };
  },
  loss(map) {
    const loss = map.level.get("loss");
    let [low, high] = [Infinity, -Infinity];
    for (const value of loss) {
      if (!(value < 1e12)) continue;
      const power = Math.max(LOWEST_LOSS, Math.log10(value + 1e-300));
      low = Math.min(low, power);
      high = Math.max(high, power);
    }
    high = Math.max(high, low + 0.1);
    const told = (power) => Number((10 ** power).toPrecision(2)).toString();
    return {
      at: (
        i,
      ) => (Number.isFinite(loss[i]) ? (Math.log10(loss[i] + 1e-300) - low) / (high - low) : NaN),
      ends: [low > LOWEST_LOSS ? told(low) : "≤ 10⁻¹²", told(high)],
      name: "final loss, log scale",
    };
  },
};

/** What a map is coloured by, if not by its outcomes. */
export const rampOf = (map, color) => FIELDS[color]?.(map);

/** The picture of a map's finest level, as the address of a PNG; row 0 is at the bottom. */
export function paintMap(map, color, paints) {
  const { size } = map.level;
  const outcome = map.level.get("outcome");
  const fixed = paints.outcomes.map((hex) => word(parsed(hex)));
  const ramp = paints.ramp.map(word);
  const field = rampOf(map, color);
  const pixels = new Uint32Array(size * size);
  for (let row = 0; row < size; row++) {
    const to = (size - 1 - row) * size;
    for (let column = 0; column < size; column++) {
      const i = row * size + column;
      const place = field ? field.at(i) : NaN;
      pixels[to + column] = place === place
        ? ramp[Math.round(255 * Math.min(1, Math.max(0, place)))]
        : fixed[outcome[i]];
    }
  }
  if (!field) pattern(pixels, outcome, size, map.start.outcomes);
  if (map.changed && map.changed.length === size * size) hatch(pixels, map.changed, size);
  return pngAddress(new Uint8Array(pixels.buffer), size, size);
}
