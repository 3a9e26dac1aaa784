/* A map as the browser holds it. */

import { unpacked } from "../base/arrays.js";

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
export class BasinMap {
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
}
