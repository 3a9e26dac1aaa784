/* A run as the browser holds it, and the stream that fills it. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const NOT_COLUMNS = new Set(["type", "step", "unconverged"]);

  /** The start, the growing columns and the end of one run. */
  eos.Run = class {
    constructor(query) {
      this.query = query;
      this.start = null;
      this.end = null;
      this.columns = {};
      this.time = [];
      this.count = 0;
      this.unconverged = 0;
      this.began = performance.now();
    }

    take(record) {
      if (record.type === "start") this.start = record;
      else if (record.type === "chunk") this.append(record);
      else if (record.type === "end") {
        this.end = record;
        this.seconds = (performance.now() - this.began) / 1000;
      }
    }

    append(chunk) {
      for (const [name, values] of Object.entries(chunk)) {
        if (NOT_COLUMNS.has(name)) continue;
        const column = (this.columns[name] ??= []);
        for (const value of values) column.push(value);
      }
      let now = this.time.length ? this.time.at(-1) + chunk.lr[0] : 0;
      for (let i = 0; i < chunk.lr.length; i++) {
        this.time.push(now);
        now += chunk.lr[i];
      }
      this.count = this.columns.loss.length;
      this.unconverged += chunk.unconverged.length;
    }
  };

  /** A function that asks for some drawing: done at most once a frame and never two at a time, so
   * that an older picture cannot end up over a newer one. ``work`` is told how to see whether it
   * has been asked for again meanwhile. */
  eos.drawing = function (work) {
    let busy = false;
    let again = false;
    const ask = () => {
      again = busy;
      if (busy) return;
      busy = true;
      requestAnimationFrame(async () => {
        again = false;
        try {
          await work(() => again);
        } finally {
          busy = false;
          if (again) ask();
        }
      });
    };
    return ask;
  };

  /** Read newline-delimited JSON and hand over each record as it arrives.
   * Rejects with {status, error} for an answer that is no stream, and as fetch does. */
  eos.stream = async function (url, signal, take) {
    const response = await fetch(url, { signal });
    if (!response.ok) {
      const body = await response.json().catch(() => ({}));
      throw { status: response.status, error: body.error };
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) take(JSON.parse(line));
    }
  };
})(window.eosdash);
