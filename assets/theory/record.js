/* The panels of a network as the browser holds them. */

/** The panels of a network, as far as they are there. */
export class Theory {
  /** @param {string} query */
  constructor(query) {
    this.query = query;
    /** @type {Line} */
    this.start = null;
    /** @type {Line} */
    this.end = null;
    /** By the name of a statement.
     * @type {ByName<Line>} */
    this.panels = {};
    this.seconds = 0;
    this.drawn = false;
    this.began = performance.now();
  }

  /** @param {Line} record */
  take(record) {
    if (record.type === "start") this.start = record;
    else if (record.type === "panel") this.panels[record.panel] = record;
    else if (record.type === "end") {
      this.end = record;
      this.seconds = (performance.now() - this.began) / 1000;
    }
  }
}
