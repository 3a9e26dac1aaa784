/* The panels of a network as the browser holds them. */

/** The panels of a network, as far as they are there. */
export class Theory {
  constructor(query) {
    this.query = query;
    this.start = this.end = null;
    this.panels = {};
    this.began = performance.now();
  }

  take(record) {
    if (record.type === "start") this.start = record;
    else if (record.type === "panel") this.panels[record.panel] = record;
    else if (record.type === "end") {
      this.end = record;
      this.seconds = (performance.now() - this.began) / 1000;
    }
  }
}
