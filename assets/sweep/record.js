/* A sweep as the browser holds it. */

import { unpacked } from "../base/arrays.js";
import { digits, inUnits } from "../base/format.js";
import { percent } from "../base/percent.js";

/** What is known by its median and two quantiles. */
export const BANDS = ["edge", "grad_norm"];

/** A sweep as far as its columns are there. */
export class Sweep {
  /** @param {string} query */
  constructor(query) {
    this.query = query;
    /** @type {Line} */
    this.start = null;
    /** @type {Line} */
    this.end = null;
    /** Rows by name, a value for each column as soon as it is there.
     * @type {ByName<any[]>} */
    this.columns = {};
    this.seconds = 0;
    this.drawn = 0;
    this.began = performance.now();
  }

  /** @param {Line} record */
  take(record) {
    if (record.type === "start") {
      this.start = record;
      const blank = () => new Array(record.value.length).fill(null);
      this.columns = { visits: blank(), exponent: blank(), counts: blank() };
      for (const name of BANDS) this.columns[name] = [blank(), blank(), blank()];
      this.columns.interval = [blank(), blank()];
    } else if (record.type === "columns") this.fill(record);
    else if (record.type === "end") {
      this.end = record;
      this.seconds = (performance.now() - this.began) / 1000;
    }
  }

  /** @param {Line} record */
  fill(record) {
    const { columns } = this;
    record.index.forEach((/** @type {number} */ column, /** @type {number} */ i) => {
      if (record.counts) {
        columns.counts[column] = record.counts[i];
        for (const name of [...BANDS, "interval"])
          record[name].forEach((
            /** @type {number[]} */ row,
            /** @type {number} */ q,
          ) => (columns[name][q][column] = row[i]));
      } else columns.exponent[column] = record.exponent[i];
    });
    if (!record.visits) return;
    const [number, width] = record.visits.shape;
    const values = unpacked(record.visits);
    record.index.forEach((/** @type {number} */ column, /** @type {number} */ i) => {
      columns.visits[column] = Array.from({ length: number }, (_, v) => values[v * width + i]);
    });
  }

  get isOverLr() {
    return this.start.params.over === "lr";
  }

  /** Columns that have their fates, in the order of the axis. */
  get known() {
    /** @type {number[]} */
    const value = this.start.value;
    return value.map((_, i) => i).filter((i) => this.columns.counts[i]).sort((i, k) =>
      value[i] - value[k]
    );
  }

  /** The ends of the axis; a single column has it for itself. */
  get ends() {
    const [low, high] = [Math.min(...this.start.value), Math.max(...this.start.value)];
    if (low < high) return [low, high];
    return this.isOverLr ? [0.95 * low, 1.05 * low] : [low - 0.5, low + 0.5];
  }

  /** Where an η is on the axis, or null if it is not on it.
   * @param {number} lr */
  position(lr) {
    if (!this.isOverLr || !(lr > 0)) return null;
    const { params, unit } = this.start;
    const x = params.units === "relative" ? lr / unit.value : lr;
    return x >= this.ends[0] && x <= this.ends[1] ? x : null;
  }

  /** The column nearest to a place on the axis, of those that are there.
   * @param {number} x */
  nearest(x) {
    const distance = this.known.map((i) => Math.abs(this.start.value[i] - x));
    return this.known[distance.indexOf(Math.min(...distance))];
  }

  /** What is known of a column, in a line, and of which η one stands beside it.
   * @param {number} column
   * @param {number | null} cursor */
  reading(column, cursor = null) {
    const { start, columns } = this;
    const count = columns.counts[column][0];
    const total = start.params.starts;
    const [low, high] = columns.interval.map((row) => percent(row[column]));
    const { over } = start.params;
    /** @param {number} lr */
    const named = (lr) => {
      const rate = `η = ${digits(lr, 4)}`;
      if (!this.isOverLr) return `${over} ${start.value[column]}, ${rate}`;
      return rate + (start.unit.value ? ` = ${inUnits(lr, start.unit, 4)}` : "");
    };
    const there = named(start.rates[column]);
    const near = cursor && named(cursor);
    const where = near && near !== there ? `${near}; in the column beside it, ${there}` : there;
    const converge = count
      ? `${count} of ${total} converge (95 %: ${low} to ${high})`
      : `0 of ${total} converge (at most ${high}, 95 %)`;
    const exponent = columns.exponent[column];
    return `${where}: ${converge}${exponent === null ? "" : ` · exponent ${digits(exponent)}`}`;
  }
}
