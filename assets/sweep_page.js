/* The page of sweeps: fills in its columns, follows the cursor of η, and runs what it points at. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const $ = (id) => document.getElementById(id);
  const state = (eos.sweepState = { asked: null, sweep: null, old: null, back: [], run: null });

  eos.pages.sweep = {
    name: "sweep",
    api: "/api/sweep",
    computing: "Filling in the columns …",
    said: ["cursor-words", "sweep-readout", "cobweb-words"],
    cursor: "lr",
    files: ["npz"],
    get Result() {
      return eos.Sweep;
    },
    shown: () => state.asked ?? state.sweep,
    fresh: () => (state.back = []),
    draw: () => drawSweep(),
    moved: () => moved(),
    picture() {
      const { data, layout } = $("sweep-figure");
      return { data, layout, width: 1200, height: 1100, filename: "eosdash-sweep" };
    },

    began(sweep) {
      state.asked = sweep;
    },

    headed(sweep) {
      abort?.abort();
      sweep.start.outcomes.forEach((outcome) => ($(`share-${outcome}`).textContent = ""));
      for (const id of ["mini-figure", "cobweb-figure"]) eos.superseded($(id), true);
      state.old = state.sweep === sweep ? null : state.sweep;
      eos.superseded($("sweep-figure"), state.old);
    },

    grew(sweep) {
      const done = sweep.known.length / sweep.start.value.length;
      $("progress").style.width = sweep.end ? "0" : `${100 * done}%`;
      if (!sweep.end && performance.now() - sweep.began > 100)
        eos.say("status", `${eos.percent(done)} of the columns`);
      if (sweep.known.length < Math.min(2, sweep.start.value.length)) return;
      state.sweep = sweep;
      drawSweep();
    },

    ended(sweep) {
      state.sweep = sweep;
      eos.say("summary", eos.marked(sweep.end, "summary"));
      eos.say("status", `${eos.origin(sweep)} · ${eos.duration(sweep)}`);
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
    const config = { displayModeBar: false, doubleClick: false };
    await eos.react(figure, ...(await eos.sweepFigure(template, sweep, figure)), config);
    if (!figure.isConnected) return;
    if (!figure.listening)
      figure.on("plotly_relayout", (change) => "width" in change && drawSweep());
    eos.hand(figure, { at: xOf, hover, click: pointAt, zoom });
    sweep.drawn = drawn;
    eos.superseded(figure, sweep === state.old);
    document.body.classList.add("eos-drawn");
    figure.setAttribute("role", "img");
    figure.setAttribute("aria-label", sweep.end?.summary ?? "The sweep is being computed.");
  }

  /* The hand on the figure */

  /** Place on the axis from the shares of width and height. */
  function xOf({ layout }, [share]) {
    const [low, high] = layout.xaxis.range;
    const x = low + share * (high - low);
    return layout.xaxis.type === "log" ? 10 ** x : x;
  }

  const hover = (x) =>
    state.sweep && eos.say("sweep-readout", state.sweep.reading(state.sweep.nearest(x)));

  function zoom({ xaxis }) {
    const [low, high] = xaxis.range.map((end) => (xaxis.type === "log" ? 10 ** end : end));
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

  /* The cursor */

  function pointAt(x) {
    const { sweep } = state;
    if (!sweep) return;
    if (sweep.isOverLr) eos.set("lr", Number(sweep.start.rates[sweep.nearest(x)].toPrecision(5)));
    else openSize(sweep, sweep.nearest(x));
  }

  const networkQuery = (more) =>
    new URLSearchParams({ ...eos.network(state.sweep.start.query), ...more });

  function openSize(sweep, column) {
    const { over } = sweep.start.params;
    const size = { [over]: sweep.start.value[column], lr: sweep.start.rates[column] };
    run(networkQuery({ ...size, init: "gaussian", steps: sweep.start.params.steps }));
    eos.say("cursor-words", sweep.reading(column));
    shares(sweep, column);
  }

  function shares(sweep, column) {
    sweep.start.outcomes.forEach((outcome, code) => {
      const share = sweep.columns.counts[column][code] / sweep.start.params.starts;
      $(`share-${outcome}`).textContent = eos.percent(share);
    });
  }

  let settled = null;
  /** The cursor stands somewhere else. */
  function moved() {
    const { sweep } = state;
    if (!sweep || !$("sweep-figure")) return;
    drawSweep();
    const lr = Number(eos.value("lr"));
    const x = sweep.position(lr);
    if (x !== null) {
      const column = sweep.nearest(x);
      eos.say("cursor-words", sweep.reading(column, lr));
      shares(sweep, column);
    } else
      eos.say(
        "cursor-words",
        sweep.isOverLr
          ? "The cursor η is beside this sweep."
          : "Click a column to run its network.",
      );
    clearTimeout(settled);
    settled = setTimeout(() => {
      if (!$("sweep-figure")) return; // the page was left meanwhile
      if (sweep.isOverLr)
        run(networkQuery({ lr, steps: Math.min(1500, sweep.start.params.steps) }));
      cobweb(lr);
    }, 60);
  }

  let abort = null;
  async function run(query) {
    abort?.abort();
    const { signal } = (abort = new AbortController());
    const search = eos.search(query);
    const made = new eos.Run(search);
    try {
      await eos.stream(`/api/train?${search}`, signal, (record) => made.take(record));
    } catch {
      return;
    }
    if (signal.aborted || !$("mini-figure")) return;
    state.run = made;
    eos.setProps("open-run", { href: `${eos.base}/?${search}` });
    const basin = new URLSearchParams(query);
    basin.delete("steps");
    eos.setProps("open-basin", { href: `${eos.base}/basin?${eos.search(basin)}` });
    await eos.drawMini("mini-figure", made);
    eos.superseded($("mini-figure"), false);
  }

  async function cobweb(lr) {
    const { params, reduces } = state.sweep.start;
    $("cobweb-box").classList.toggle("eos-hidden", !reduces);
    if (!reduces)
      return eos.say("cobweb-words", "Only a linear scalar chain over η reduces to one dimension.");
    const query = new URLSearchParams({
      task: "scalar",
      depth: params.depth,
      target: params.target,
      lr,
    });
    const answer = await fetch(`${eos.base}/api/cobweb?${query}`);
    if (!answer.ok) return;
    const { w, once, twice, path, fixed, slope } = await answer.json();
    if (!$("cobweb-figure")) return; // the page was left meanwhile
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
      diagonal: [range, range],
      once: [w, once],
      twice: [w, twice],
      web: [x, y],
      fixed: [[fixed], [fixed]],
    };
    const template = eos.templates[eos.scheme()].cobweb;
    const data = template.data.map((trace) => ({
      ...trace,
      x: filled[trace.meta][0],
      y: filled[trace.meta][1],
    }));
    const layout = {
      ...template.layout,
      xaxis: { ...template.layout.xaxis, range },
      yaxis: { ...template.layout.yaxis, range },
    };
    await eos.react($("cobweb-figure"), data, layout, { staticPlot: true });
    eos.superseded($("cobweb-figure"), false);
    const stable = Math.abs(slope) < 1
      ? "stable"
      : "no longer stable: f(f(w)) crosses the diagonal twice more";
    eos.say(
      "cobweb-words",
      `All weights equal w; dotted f(f(w)). At the [[minimizer]] f′ = ${
        eos.digits(slope)
      }: ${stable}.`,
    );
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.eosdash = Object.assign(window.dash_clientside.eosdash ?? {}, {
    sweepButton() {
      const name = window.dash_clientside.callback_context.triggered_id;
      if (name && state.sweep) BUTTONS[name]();
    },
  });
})(window.eosdash);
