/* A run as the browser holds it. */

const NOT_COLUMNS = new Set(["type", "step", "unconverged"]);

/** The start, the growing columns and the end of one run. */
export class Run {
  /** @param {string} query */
  constructor(query) {
    this.query = query;
    /** @type {Line} */
    this.start = null;
    /** @type {Line} */
    this.end = null;
    /** A row for each step, by name.
     * @type {ByName<any[]>} */
    this.columns = {};
    /** @type {number[]} */
    this.time = [];
    this.seconds = 0;
    this.count = 0;
    this.unconverged = 0;
    this.began = performance.now();
  }

  /** @param {Line} record */
  take(record) {
    if (record.type === "start") this.start = record;
    else if (record.type === "chunk") this.append(record);
    else if (record.type === "end") {
      this.end = record;
      this.seconds = (performance.now() - this.began) / 1000;
    }
  }

  /** @param {Line} chunk */
  append(chunk) {
    for (const [name, values] of Object.entries(chunk)) {
      if (NOT_COLUMNS.has(name)) continue;
      const column = (this.columns[name] ??= []);
      for (const value of values) column.push(value);
    }
    let now = this.time.length ? this.time[this.time.length - 1] + chunk.lr[0] : 0;
    for (let i = 0; i < chunk.lr.length; i++) {
      this.time.push(now);
      now += chunk.lr[i];
    }
    this.count = this.columns.loss.length;
    this.unconverged += chunk.unconverged.length;
  }
}
