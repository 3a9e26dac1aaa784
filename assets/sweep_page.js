/* The page of sweeps: fills in its columns, follows the cursor of η, and runs what it points at. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const $ = (id) => document.getElementById(id);
  const ROWS = ["orbit", "exponent", "fraction", "edge", "grad_norm"];
  const DOMAINS = {
    lr: { orbit: [0.7, 1], exponent: [0.53, 0.64], fraction: [0.31, 0.47], edge: [0.155, 0.25], grad_norm: [0, 0.095] },
    size: { orbit: [0.999, 1], exponent: [0.998, 0.999], fraction: [0.66, 1], edge: [0.34, 0.58], grad_norm: [0, 0.26] },
  };
  const TITLES = {
    exponent: "<b>largest Lyapunov exponent</b> of the orbit, nats a step",
    fraction: "<b>probability of convergence</b>, and the other fates",
    edge: "<b>how close to the edge</b>: final sharpness · η / 2, median and 10–90 %",
    grad_norm: "<b>gradient norm at the end</b>, median and 10–90 %",
  };
  const BINS = 420; // pixels of the orbit diagram upwards
  const INK = 70; // how dark one visit is, of 255

  /** A sweep as far as its columns are there. */
  eos.Sweep = class {
    constructor(query) {
      this.query = query;
      this.start = this.end = null;
      this.began = performance.now();
    }

    take(record) {
      if (record.type === "start") {
        this.start = record;
        const blank = () => new Array(record.value.length).fill(null);
        this.columns = { visits: blank(), exponent: blank(), counts: blank() };
        for (const name of ["edge", "grad_norm"]) this.columns[name] = [blank(), blank(), blank()];
      } else if (record.type === "columns") this.fill(record);
      else if (record.type === "end") {
        this.end = record;
        this.seconds = (performance.now() - this.began) / 1000;
      }
    }

    fill(record) {
      const { columns } = this;
      record.index.forEach((column, i) => {
        if (record.counts) {
          columns.counts[column] = record.counts[i];
          for (const name of ["edge", "grad_norm"])
            record[name].forEach((row, q) => (columns[name][q][column] = row[i]));
        } else columns.exponent[column] = record.exponent[i];
      });
      if (!record.visits) return;
      const [number, width] = record.visits.shape;
      const values = eos.unpacked(record.visits);
      record.index.forEach((column, i) => {
        columns.visits[column] = Array.from({ length: number }, (_, v) => values[v * width + i]);
      });
    }

    get isOverLr() {
      return this.start.params.over === "lr";
    }

    /** Columns that have their fates. */
    get known() {
      return this.start.value.map((_, i) => i).filter((i) => this.columns.counts[i]);
    }
  };

  const state = (eos.sweepState = { asked: null, sweep: null, back: [], run: null, picture: null });

  eos.pages.sweep = {
    name: "sweep",
    api: "/api/sweep",
    cursor: "lr",
    files: ["npz"],
    get Result() {
      return eos.Sweep;
    },
    shown: () => state.asked ?? state.sweep,
    draw: () => drawSweep(),
    moved: () => moved(),
    picture() {
      const { data, layout } = $("sweep-figure");
      return { data, layout, width: 1200, height: 1100, filename: "eosdash-sweep" };
    },

    began(sweep) {
      state.asked = sweep;
    },

    grew(sweep) {
      const done = sweep.known.length / sweep.start.value.length;
      $("progress").style.width = sweep.end ? "0" : `${100 * done}%`;
      if (!sweep.end && performance.now() - sweep.began > 100)
        eos.say("status", `${Math.round(100 * done)} % of the columns`);
      if (sweep.known.length < 2) return;
      state.sweep = sweep;
      drawSweep();
    },

    ended(sweep) {
      state.sweep = sweep;
      eos.say("summary", sweep.end.summary);
      eos.say("status", `${sweep.end.cached ? "cached" : "computed"} · ${eos.duration(sweep)}`);
      drawSweep();
      moved();
    },
  };

  const drawSweep = () => (asking ??= eos.drawing(drawNow))();
  let asking = null;

  async function drawNow() {
    const figure = $("sweep-figure");
    const { sweep } = state;
    if (!figure || !sweep) return;
    if (!window.Plotly || !eos.templates?.light.sweep) {
      setTimeout(drawSweep, 20);
      return;
    }
    const template = eos.templates[eos.scheme()].sweep;
    const drawn = sweep.known.length;
    await window.Plotly.react(figure, dataOf(template, sweep), layoutOf(template, sweep), {
      displayModeBar: false,
      doubleClick: false,
      responsive: true,
    });
    listen(figure);
    sweep.drawn = drawn;
    document.body.classList.add("eos-drawn");
    figure.setAttribute("role", "img");
    figure.setAttribute("aria-label", sweep.end?.summary ?? "The sweep is being computed.");
  }

  function dataOf(template, sweep) {
    const { columns, start } = sweep;
    const there = sweep.known;
    const x = there.map((i) => start.value[i]);
    const pick = (values) => there.map((i) => values[i]);
    const total = start.params.starts;
    const ends = [x[0], x.at(-1)];
    const filled = {};
    if (sweep.isOverLr) {
      filled.exponent = [x, pick(columns.exponent)];
      filled.zero = [ends, [0, 0]];
    }
    start.outcomes.forEach((outcome, code) => {
      filled[`fraction.${outcome}`] = [x, there.map((i) => columns.counts[i][code] / total)];
    });
    const bounds = there.map((i) => wilson(columns.counts[i][0], total));
    filled["interval.low"] = [x, bounds.map(([low]) => low)];
    filled["interval.high"] = [x, bounds.map(([, high]) => high)];
    for (const name of ["edge", "grad_norm"])
      ["low", "", "high"].forEach((part, q) => {
        filled[part ? `${name}.${part}` : name] = [x, pick(columns[name][q])];
      });
    filled.one = [ends, [1, 1]];
    const data = template.data.filter((trace) => filled[trace.meta]);
    return data.map((trace) => ({ ...trace, x: filled[trace.meta][0], y: filled[trace.meta][1] }));
  }

  const Z = 1.959963984540054; // the 97.5 % quantile of the normal distribution

  /** Wilson's 95 % interval of a share of ``count`` in ``total``. */
  function wilson(count, total) {
    const share = count / total;
    const middle = (share + (Z * Z) / (2 * total)) / (1 + (Z * Z) / total);
    const half =
      (Z / (1 + (Z * Z) / total)) * Math.sqrt((share * (1 - share)) / total + (Z * Z) / (4 * total * total));
    return [count ? middle - half : 0, count < total ? middle + half : 1];
  }

  const axisTitle = ({ over, units }) =>
    over === "lr" ? (units === "relative" ? "learning rate η / η<sub>C</sub>" : "learning rate η") : over;

  function layoutOf(template, sweep) {
    const { start } = sweep;
    const { value, params } = start;
    const domains = DOMAINS[sweep.isOverLr ? "lr" : "size"];
    const { accent, muted } = template.layout.meta;
    const log = sweep.isOverLr && params.spacing === "log" && !params.rates;
    const coarse = matchMedia("(pointer: coarse)").matches;
    const layout = {
      ...template.layout,
      dragmode: coarse ? false : "zoom",
      xaxis: {
        ...template.layout.xaxis,
        type: log ? "log" : "linear",
        range: [value[0], value.at(-1)].map((end) => (log ? Math.log10(end) : end)),
        title: { ...template.layout.xaxis.title, text: axisTitle(params) },
        fixedrange: coarse || !sweep.isOverLr,
      },
      annotations: [],
      images: [],
      shapes: [],
    };
    ROWS.forEach((row, i) => {
      const name = i ? `yaxis${i + 1}` : "yaxis";
      const shown = sweep.isOverLr || i > 1;
      layout[name] = { ...template.layout[name], domain: domains[row], visible: shown };
      if (shown) {
        const text = row === "orbit" ? `<b>orbit</b>: values of ${start.observable} after the transient` : TITLES[row];
        layout.annotations.push(note(text, 0, domains[row][1], "left", "bottom", muted));
      }
    });
    layout.yaxis4.range = [0, 1.3];
    if (sweep.isOverLr) addOrbit(layout, sweep);
    const critical = position(sweep, start.critical_lr.value);
    if (critical !== null) {
      layout.shapes.push(vertical(critical, accent, "dash"));
      layout.annotations.push({ ...note("<b>η<sub>C</sub></b>", critical, 1, "left", "top", accent), xref: "x" });
    }
    const cursor = position(sweep, Number(eos.value("lr")));
    if (cursor !== null) layout.shapes.push(vertical(cursor, accent, "solid"));
    return layout;
  }

  const note = (text, x, y, xanchor, yanchor, color) => ({
    text, x, y, xanchor, yanchor, xref: "paper", yref: "paper", showarrow: false, font: { size: 13, color },
  });
  const vertical = (x, color, dash) => ({
    type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { color, width: 1.5, dash },
  });

  /** Where an η is on the axis, or null if it is not on it. */
  function position(sweep, lr) {
    if (!sweep.isOverLr || !(lr > 0)) return null;
    const { value, params, critical_lr } = sweep.start;
    const x = params.units === "relative" ? lr / critical_lr.value : lr;
    return x >= value[0] && x <= value.at(-1) ? x : null;
  }

  /** The orbit diagram as a picture: how often each value is visited, a column each. */
  function addOrbit(layout, sweep) {
    const { visits } = sweep.columns;
    const all = visits.flatMap((values) => values ?? []).filter(Number.isFinite).sort((a, b) => a - b);
    if (!all.length) return;
    const [low, high] = [all[Math.floor(0.002 * all.length)], all[Math.ceil(0.998 * (all.length - 1))]];
    const room = 0.06 * (high - low || Math.abs(high) || 1);
    const range = [low - room, high + room];
    layout.yaxis.range = range;
    const painted = [sweep, visits.filter(Boolean).length, eos.scheme()];
    if (!state.picture || painted.some((part, i) => part !== state.picture.painted[i]))
      state.picture = { painted, url: paint(visits, range, layout.meta.ink) };
    const { value } = sweep.start;
    const step = value.length > 1 ? value[1] - value[0] : 1;
    if (layout.xaxis.type === "log") return addLogOrbit(layout, value, range);
    layout.images.push(pictureAt(value[0] - step / 2, value.at(-1) - value[0] + step, range));
  }

  function addLogOrbit(layout, value, range) {
    const [first, last] = [Math.log10(value[0]), Math.log10(value.at(-1))];
    const step = (last - first) / (value.length - 1);
    layout.images.push(pictureAt(first - step / 2, last - first + step, range));
  }

  const pictureAt = (x, sizex, [low, high]) => ({
    source: state.picture.url, xref: "x", yref: "y", layer: "below", sizing: "stretch",
    x, y: high, sizex, sizey: high - low, xanchor: "left", yanchor: "top",
  });

  function paint(visits, [low, high], ink) {
    const canvas = document.createElement("canvas");
    canvas.width = visits.length;
    canvas.height = BINS;
    const context = canvas.getContext("2d");
    const image = context.createImageData(visits.length, BINS);
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(ink.slice(at, at + 2), 16));
    let before = null; // columns that are not there yet look like their neighbour on the left
    visits.forEach((values, column) => {
      before = values ?? before;
      for (const value of before ?? []) {
        const row = Math.round(((high - value) / (high - low)) * (BINS - 1));
        for (let near = row - 1; near <= row + 1; near++) {
          if (!(near >= 0 && near < BINS)) continue;
          const at = 4 * (near * visits.length + column);
          image.data.set([red, green, blue, Math.min(255, image.data[at + 3] + INK)], at);
        }
      }
    });
    context.putImageData(image, 0, 0);
    return canvas.toDataURL();
  }

  /* The hand on the figure */

  function xOf(figure, event) {
    const boxes = [...figure.querySelectorAll(".nsewdrag")].map((drag) => drag.getBoundingClientRect());
    const box = boxes.find((b) => event.clientX >= b.left && event.clientX <= b.right);
    const inside = boxes.some((b) => event.clientY >= b.top && event.clientY <= b.bottom);
    if (!box || !inside) return null;
    const [low, high] = figure.layout.xaxis.range;
    const x = low + ((event.clientX - box.left) / box.width) * (high - low);
    return figure.layout.xaxis.type === "log" ? 10 ** x : x;
  }

  function listen(figure) {
    if (figure.listening) return;
    figure.listening = true;
    let pressed = null;
    figure.addEventListener("pointerdown", (event) => (pressed = event), true);
    window.addEventListener(
      "pointerup",
      (event) => {
        const from = pressed;
        pressed = null;
        if (!from || Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > 4) return;
        const x = xOf(figure, event);
        if (x !== null && state.sweep) pointAt(x);
      },
      true
    );
    figure.addEventListener("pointermove", (event) => {
      const x = xOf(figure, event);
      if (x !== null && state.sweep) eos.say("sweep-readout", reading(state.sweep, nearest(state.sweep, x)));
    });
    figure.on("plotly_relayout", (change) => {
      if (!("xaxis.range[0]" in change)) return;
      const ends = figure.layout.xaxis.range.map((end) => (figure.layout.xaxis.type === "log" ? 10 ** end : end));
      zoom(...ends);
    });
  }

  function zoom(low, high) {
    const digits = Math.min(12, 3 - Math.floor(Math.log10(high - low)));
    state.back.push([eos.value("low"), eos.value("high"), eos.value("rates") ?? ""]);
    const ends = [low, high].map((end) => Math.max(1e-6, Number(end.toFixed(Math.max(3, digits)))));
    eos.set("rates", "");
    eos.set("low", ends[0]);
    eos.set("high", ends[1]);
  }

  const BUTTONS = {
    "sweep-back": () => {
      const before = state.back.pop();
      if (before) ["low", "high", "rates"].forEach((name, i) => eos.set(name, before[i]));
    },
    "sweep-home": () => {
      if (!state.back.length) return;
      state.back = [state.back[0]];
      BUTTONS["sweep-back"]();
    },
  };

  const nearest = (sweep, x) => {
    const distance = sweep.known.map((i) => Math.abs(sweep.start.value[i] - x));
    return sweep.known[distance.indexOf(Math.min(...distance))];
  };

  /** What is known of a column, in a line. */
  function reading(sweep, column) {
    const { start, columns } = sweep;
    const count = columns.counts[column][0];
    const total = start.params.starts;
    const [low, high] = wilson(count, total).map((share) => `${(100 * share).toFixed(1)} %`);
    const where = sweep.isOverLr
      ? `η = ${eos.digits(start.rates[column], 4)} = ${eos.digits(start.rates[column] / start.critical_lr.value)} η_C`
      : `${start.params.over} ${start.value[column]}, η = ${eos.digits(start.rates[column], 4)}`;
    const converge = count
      ? `${count} of ${total} converge (95 %: ${low} to ${high})`
      : `0 of ${total} converge (at most ${high}, 95 %)`;
    const exponent = columns.exponent[column];
    return `${where}: ${converge}${exponent === null ? "" : ` · exponent ${eos.digits(exponent)}`}`;
  }

  /* The cursor */

  function pointAt(x) {
    const { sweep } = state;
    const column = nearest(sweep, x);
    if (!sweep.isOverLr) return openSize(sweep, column);
    const relative = sweep.start.params.units === "relative";
    const lr = relative ? x * sweep.start.critical_lr.value : x;
    eos.set("lr", Number(lr.toPrecision(5)));
  }

  const NETWORK = new Set(["network", "data", "start", "step"]);
  function networkQuery(more) {
    const { query } = state.sweep.start;
    const pairs = Object.entries(query).filter(([name]) => NETWORK.has(eos.rule(name)?.group));
    return new URLSearchParams({ ...Object.fromEntries(pairs), ...more });
  }

  function openSize(sweep, column) {
    const { over } = sweep.start.params;
    const size = { [over]: sweep.start.value[column], lr: sweep.start.rates[column] };
    run(networkQuery({ ...size, init: "gaussian", steps: sweep.start.params.steps }));
    eos.say("cursor-words", reading(sweep, column));
    shares(sweep, column);
  }

  function shares(sweep, column) {
    sweep.start.outcomes.forEach((outcome, code) => {
      const share = sweep.columns.counts[column][code] / sweep.start.params.starts;
      $(`share-${outcome}`).textContent = `${(100 * share).toFixed(0)} %`;
    });
  }

  let settled = null;
  /** The cursor stands somewhere else. */
  function moved() {
    const { sweep } = state;
    if (!sweep) return;
    drawSweep();
    const lr = Number(eos.value("lr"));
    const x = position(sweep, lr);
    if (x !== null) {
      const column = nearest(sweep, x);
      eos.say("cursor-words", reading(sweep, column));
      shares(sweep, column);
    } else
      eos.say(
        "cursor-words",
        sweep.isOverLr ? "The cursor η is beside this sweep." : "Click a column to run its network."
      );
    clearTimeout(settled);
    settled = setTimeout(() => {
      if (sweep.isOverLr) run(networkQuery({ lr, steps: Math.min(1500, sweep.start.params.steps) }));
      cobweb(lr);
    }, 60);
  }

  let abort = null;
  async function run(query) {
    abort?.abort();
    const { signal } = (abort = new AbortController());
    const made = new eos.Run(query.toString());
    try {
      await eos.stream(`/api/train?${query}`, signal, (record) => made.take(record));
    } catch {
      return;
    }
    if (signal.aborted || !$("mini-figure")) return;
    state.run = made;
    window.dash_clientside.set_props("open-run", { href: `/?${query}` });
    const basin = new URLSearchParams(query);
    basin.delete("steps");
    window.dash_clientside.set_props("open-basin", { href: `/basin?${basin}` });
    await eos.drawMini("mini-figure", made);
  }

  async function cobweb(lr) {
    const { params } = state.sweep.start;
    const narrow = (params.width ?? 1) === 1 && !params.hidden;
    const chain = params.task === "scalar" && narrow && !params.weight_decay && params.depth;
    $("cobweb-box").classList.toggle("eos-hidden", !chain);
    if (!chain) return eos.say("cobweb-words", "Only a scalar chain over η reduces to one dimension.");
    const query = new URLSearchParams({ task: "scalar", depth: params.depth, target: params.target, lr });
    const answer = await fetch(`/api/cobweb?${query}`);
    if (!answer.ok || !$("cobweb-figure")) return;
    const { w, once, twice, path, fixed, slope } = await answer.json();
    const x = [];
    const y = [];
    path.forEach((from, i) => {
      if (i + 1 === path.length) return;
      x.push(from, from);
      y.push(i ? from : 0, path[i + 1]);
      x.push(path[i + 1]);
      y.push(path[i + 1]);
    });
    const range = [w[0], w.at(-1)];
    const filled = {
      diagonal: [range, range], once: [w, once], twice: [w, twice], web: [x, y], fixed: [[fixed], [fixed]],
    };
    const template = eos.templates[eos.scheme()].cobweb;
    const data = template.data.map((trace) => ({ ...trace, x: filled[trace.meta][0], y: filled[trace.meta][1] }));
    const layout = {
      ...template.layout,
      xaxis: { ...template.layout.xaxis, range },
      yaxis: { ...template.layout.yaxis, range },
    };
    await window.Plotly.react($("cobweb-figure"), data, layout, { staticPlot: true, responsive: true });
    const stable = Math.abs(slope) < 1 ? "stable" : "no longer stable: f(f(w)) crosses the diagonal twice more";
    eos.say("cobweb-words", `All weights equal w. At the minimizer f′ = ${eos.digits(slope)}: ${stable}.`);
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.eosdash = Object.assign(window.dash_clientside.eosdash ?? {}, {
    sweepButton() {
      const name = window.dash_clientside.callback_context.triggered_id;
      if (name && state.sweep) BUTTONS[name]();
    },
  });
})(window.eosdash);
