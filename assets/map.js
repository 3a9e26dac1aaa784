/* A map as the browser holds it, its picture, and the figure over it. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const TYPES = {
    uint8: Uint8Array,
    uint16: Uint16Array,
    float32: Float32Array,
    float64: Float64Array,
  };

  function unpacked({ dtype, data }) {
    const text = atob(data);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new TYPES[dtype](bytes.buffer);
  }

  eos.unpacked = unpacked;

  /** One level: its arrays are unpacked when they are first asked for. */
  class Level {
    constructor(record) {
      this.record = record;
      this.size = record.resolution;
      this.arrays = {};
    }

    get(name) {
      return (this.arrays[name] ??= unpacked(this.record[name]));
    }
  }

  /** The start, the finest level so far, what can be drawn over it, and the end of a map. */
  eos.Map = class {
    constructor(query) {
      this.query = query;
      this.start =
        this.level =
        this.overlays =
        this.changed =
        this.end =
          null;
      this.began = performance.now();
      this.done = 0;
    }

    take(record) {
      if (record.type === "start") this.start = record;
      else if (record.type === "progress") this.done = record.done / record.total;
      else if (record.type === "level") this.level = new Level(record);
      else if (record.type === "overlays") this.overlays = record;
      else if (record.type === "recheck") this.changed = unpacked(record.changed);
      else if (record.type === "end") {
        this.end = record;
        this.seconds = (performance.now() - this.began) / 1000;
      }
    }

    /** Coordinates of the first pixel and the distance to the next, along x and along y. */
    grid() {
      const [left, right, low, high] = this.start.extent;
      const last = this.start.params.resolution - 1;
      const { stride } = this.level.record;
      return {
        x: left,
        y: low,
        dx: ((right - left) / last) * stride,
        dy: ((high - low) / last) * stride,
      };
    }

    /** What is known of the pixel nearest to a point, and which start it is; null outside. */
    pixel(x, y) {
      const { x: left, y: low, dx, dy } = this.grid();
      const { size } = this.level;
      const column = Math.round((x - left) / dx);
      const row = Math.round((y - low) / dy);
      if (!(column >= 0 && column < size && row >= 0 && row < size)) return null;
      const at = row * size + column;
      const get = (name) => this.level.get(name)[at];
      return {
        x: left + column * dx,
        y: low + row * dy,
        outcome: this.start.outcomes[get("outcome")],
        kind: this.start.kinds[this.start.critical_points[get("critical_point")]],
        steps: get("steps"),
        period: get("period"),
        sharpness: get("sharpness"),
        loss: get("loss"),
        lr: this.lr(column),
        changed: this.changed && this.level.size === this.start.params.resolution &&
          this.changed[at],
      };
    }

    /** η in a column: on the plane of trainability each has its own. */
    lr(column) {
      if (!this.isTrainability()) return this.start.params.lr;
      const { x, dx } = this.grid();
      return 10 ** (x + column * dx);
    }

    isTrainability() {
      return this.start.params.plane === "trainability";
    }

    counts() {
      const counts = new Array(this.start.outcomes.length).fill(0);
      for (const code of this.level.get("outcome")) counts[code]++;
      return counts;
    }
  };

  const word = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  const parsed = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

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

  eos.field = (map, color) => FIELDS[color]?.(map);

  /** The picture of a map's finest level, as the address of a PNG; row 0 is at the bottom. */
  eos.paint = function (map, color, paints) {
    const { size } = map.level;
    const outcome = map.level.get("outcome");
    const fixed = paints.outcomes.map((hex) => word(parsed(hex)));
    const ramp = paints.ramp.map(word);
    const field = FIELDS[color]?.(map);
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
    return eos.png(new Uint8Array(pixels.buffer), size, size);
  };

  /* A pattern for every outcome but those that are solid or empty, as bits of 4 × 4 pixels: told
   * apart without colour. */
  const PATTERNS = {
    undecided: [0b0001, 0b0010, 0b0100, 0b1000], // hatched
    saddle: [0b1001, 0b0110, 0b0110, 0b1001], // crosses
    periodic: [0b1111, 0b0000, 0b0000, 0b0000], // lines
    bounded: [0b0100, 0b0000, 0b0001, 0b0000], // dots
  };
  const FINEST = 256; // pixels across, up to which a pattern is as fine as the map

  function pattern(pixels, outcome, size, outcomes) {
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

  /** Darker, or lighter if it is dark already. */
  function shaded(pixel) {
    const parts = [0, 8, 16].map((by) => (pixel >> by) & 255);
    const to = Math.max(...parts) < 100 ? 255 : 0;
    const [red, green, blue] = parts.map((part) => Math.round(0.68 * part + 0.32 * to));
    return word([red, green, blue]);
  }

  /** A picture of codes alone, (n × n), row 0 at the bottom. */
  eos.paintCodes = function (codes, size, colours, outcomes) {
    const fixed = colours.map((hex) => word(parsed(hex)));
    const pixels = new Uint32Array(size * size);
    codes.forEach((code, i) => {
      pixels[(size - 1 - Math.floor(i / size)) * size + (i % size)] = fixed[code];
    });
    pattern(pixels, codes, size, outcomes);
    return eos.png(new Uint8Array(pixels.buffer), size, size);
  };

  /** Pixels that another budget would change are checkered white. */
  function hatch(pixels, changed, size) {
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++)
        if (changed[row * size + column] && (row + column) % 2)
          pixels[(size - 1 - row) * size + column] = word([255, 255, 255]);
  }

  const joined = (curves, pick = () => true) => {
    const x = [];
    const y = [];
    for (const curve of curves) {
      curve.x.forEach((value, i) => {
        x.push(pick(curve, i) ? value : null);
        y.push(pick(curve, i) ? curve.y[i] : null);
      });
      x.push(null);
      y.push(null);
    }
    return { x, y };
  };

  /** Data and layout of the figure of a map. */
  eos.mapFigure = function (template, { map, view, path, selected, image, extent }) {
    const over = filledOverlays(map, view, path, selected);
    const data = template.data
      .filter((trace) => over[trace.meta.replace(".casing", "")])
      .map((trace) => ({ ...trace, ...over[trace.meta.replace(".casing", "")] }));
    const { plane } = map.start;
    const [left, right, low, high] = extent;
    const { x, y, dx, dy } = map.grid();
    const { size } = map.level;
    const log = map.isTrainability();
    const axis = (name, title, range) => ({
      ...template.layout[name],
      title: { ...template.layout[name].title, text: title },
      range,
      ...(log ? decades(range) : {}),
      fixedrange: matchMedia("(pointer: coarse)").matches,
    });
    const layout = {
      ...template.layout,
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      xaxis: axis("xaxis", plane.x, [left, right]),
      yaxis: { ...axis("yaxis", plane.y, [low, high]), ...(log ? {} : { scaleanchor: "x" }) },
      images: [
        {
          source: image,
          xref: "x",
          yref: "y",
          layer: "below",
          sizing: "stretch",
          xanchor: "left",
          yanchor: "top",
          x: x - dx / 2,
          y: y - dy / 2 + size * dy,
          sizex: size * dx,
          sizey: size * dy,
        },
      ],
    };
    return [data, layout];
  };

  function filledOverlays(map, view, path, selected) {
    const { overlays } = map;
    const over = {};
    if (overlays) {
      const { minimizers, region, fold, balanced } = overlays;
      if (view.minimizers && minimizers) {
        over.minimizers = joined(minimizers);
        over.stable = joined(minimizers, (curve, i) => curve.stable[i]);
      }
      if (view.region && region) over.region = joined(region);
      if (view.fold && fold) over.fold = joined(fold);
      if (view.balanced && balanced) over.balanced = joined(balanced);
      if (view.contours) over.contours = contours(overlays);
    }
    if (map.isTrainability() && map.start.critical_lr?.value) over.critical = criticalLine(map);
    const { start } = map.start.plane.landmarks;
    if (start && start.distance < 1e-9) over.start = { x: [start.x], y: [start.y] };
    if (selected) over.selected = { x: [selected[0]], y: [selected[1]] };
    if (view.path && path?.x.length) over.path = path;
    return over;
  }

  function contours(overlays) {
    overlays.unpacked ??= Object.fromEntries(
      ["x", "y", "log10"].map((name) => [name, unpacked(overlays.loss[name])]),
    );
    const { x, y, log10 } = overlays.unpacked;
    const z = Array.from(y, (_, row) => log10.subarray(row * x.length, (row + 1) * x.length));
    return { x, y, z };
  }

  function criticalLine(map) {
    const at = Math.log10(map.start.critical_lr.value);
    const [, , low, high] = map.start.extent;
    return { x: [at, at], y: [low, high] };
  }

  /** Ticks at 1, 2 and 5 times the powers of ten, for coordinates that are logarithms. */
  function decades([low, high]) {
    const tickvals = [];
    const ticktext = [];
    for (let power = Math.floor(low); power <= high; power++)
      for (const digit of high - low < 3 ? [1, 2, 5] : [1]) {
        tickvals.push(power + Math.log10(digit));
        ticktext.push(Number((digit * 10 ** power).toPrecision(1)).toString());
      }
    return { tickvals, ticktext };
  }
})(window.eosdash);
