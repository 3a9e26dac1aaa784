/* The page of the theory: fills each statement's picture and check as its line arrives. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const $ = (id) => document.getElementById(id);
  const PANELS = ["nonsingular", "manifold", "stable", "measure_zero"];

  /** The panels of a network, as far as they are there. */
  eos.Theory = class {
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
  };

  const state = (eos.theoryState = { asked: null, theory: null, panels: {} });

  eos.pages.theory = {
    name: "theory",
    api: "/api/theory",
    computing: "Checking the statements …",
    said: PANELS.flatMap((name) =>
      ["check", "missing", "instead"].map((part) => `${name}-${part}`)
    ),
    files: [],
    /** One figure fits an embed. */
    embedded: (view) => (view.statement === "all" ? { statement: "measure_zero" } : {}),
    get Result() {
      return eos.Theory;
    },
    shown: () => state.asked ?? state.theory,
    draw() {
      choose();
      PANELS.forEach((name) => drawPanel(name));
    },
    picture: () => eos.theoryPicture(PANELS, state),

    began(theory) {
      choose();
      state.asked = theory;
    },

    headed(theory) {
      state.panels = { ...theory.panels };
      for (const name of PANELS) eos.superseded($(`${name}-panel`), !(name in theory.panels));
    },

    grew(theory, record) {
      if (record.type !== "panel") return;
      eos.head(theory);
      state.theory = theory;
      state.panels[record.panel] = record;
      const done = Object.keys(theory.panels).length;
      $("progress").style.width = `${(100 * done) / PANELS.length}%`;
      if (record.panel === "stable") eos.say("summary", record.summary);
      drawPanel(record.panel);
    },

    ended(theory) {
      $("progress").style.width = "0";
      const { spread, starts } = theory.start.estimate;
      const numerical = spread && starts > 1
        ? ` · η_C numerical: least S from ${starts} starts ${eos.digits(spread[0], 5)} to ${
          eos.digits(spread[1], 5)
        }, an upper estimate`
        : "";
      const how = eos.origin(theory);
      eos.say("status", `${how} · ${eos.duration(theory)}${numerical}`);
      theory.drawn = true;
    },
  };

  /** Show all statements, or the one that is chosen. */
  function choose() {
    const shown = eos.state.view.statement ?? "all";
    $("theory-figure")?.classList.toggle("eos-one", shown !== "all");
    for (const name of PANELS)
      $(`${name}-panel`)?.classList.toggle("eos-hidden", ![name, "all"].includes(shown));
  }

  async function drawPanel(name) {
    const panel = state.panels[name]; // the last good one, until the next is there
    if (!panel || !$(`${name}-a`)?.closest(".eos-statement:not(.eos-hidden)")) return;
    if (!window.Plotly || !eos.templates?.light.theory) {
      setTimeout(() => drawPanel(name), 30);
      return;
    }
    eos.say(`${name}-check`, `${eos.marked(panel, "check")}.`);
    const drawn = await DRAW[name](panel, eos.templates[eos.scheme()]);
    if (panel !== state.panels[name] || !$(`${name}-a`)) return; // the next one is drawn, or the page was left
    const reasons = panel.missing;
    const missing = drawn.some(Boolean)
      ? reasons.map
      : (reasons.stable ?? Object.values(reasons)[0]);
    eos.say(`${name}-missing`, panel.instead.includes(missing) ? "" : (missing ?? ""));
    assume(name, panel);
    const elements = ["a", "b"].map((part) => $(`${name}-${part}`));
    elements.forEach((element, i) => element?.classList.toggle("eos-hidden", !drawn[i]));
    for (const [i, element] of elements.entries()) {
      if (!element || !drawn[i]) continue;
      const config = { displayModeBar: false, scrollZoom: false };
      await eos.react(element, drawn[i].data, drawn[i].layout, config);
      element.setAttribute("role", "img");
      element.setAttribute("aria-label", panel.check);
    }
    if (panel === state.panels[name]) eos.superseded($(`${name}-panel`), false);
    document.body.classList.add("eos-drawn");
  }

  const MARKS = new Map([[true, ["✓", "holds"]], [false, ["✗", "fails"]], [null, [
    "?",
    "not known",
  ]]]);

  /** Which assumptions of a statement hold, and what is true where one does not. */
  function assume(name, { assumptions, instead }) {
    for (const { name: need, holds } of assumptions) {
      const item = document.querySelector(`#${name}-assumptions [data-need="${need}"]`);
      const [mark, words] = MARKS.get(holds);
      item.className = holds === false ? "eos-fails" : "";
      item.firstElementChild.textContent = mark;
      item.firstElementChild.setAttribute("role", "img");
      item.firstElementChild.setAttribute("aria-label", words);
    }
    eos.say(`${name}-instead`, instead);
    $(`${name}-instead`).parentElement.classList.toggle("eos-hidden", !instead);
    $(`${name}-refuted`).classList.toggle("eos-hidden", Boolean(instead));
  }

  /** A template with the traces that are filled, by name, and changes of the layout. */
  function filled(template, traces, layout = {}) {
    const data = template.data.filter((trace) => traces[trace.meta]);
    return {
      data: data.map((trace) => ({
        ...trace,
        ...traces[trace.meta],
        ...mergedMarker(trace, traces),
      })),
      layout: { ...template.layout, ...layout },
    };
  }
  const mergedMarker = (trace, traces) =>
    traces[trace.meta].color
      ? { marker: { ...trace.marker, color: traces[trace.meta].color } }
      : {};

  /** Polylines (K, 2, m) as one line with gaps. */
  function polylines(families) {
    const x = [];
    const y = [];
    for (const family of families) {
      const [number, , length] = family.shape;
      const values = eos.unpacked(family);
      for (let k = 0; k < number; k++) {
        const at = 2 * k * length;
        x.push(...values.subarray(at, at + length), null);
        y.push(...values.subarray(at + length, at + 2 * length), null);
      }
    }
    return { x, y };
  }

  const curves = (list) => ({
    x: list.flatMap(([x]) => [...x, null]),
    y: list.flatMap(([, y]) => [...y, null]),
  });

  const ranged = (template, x, y) => ({
    xaxis: { ...template.layout.xaxis, range: x },
    yaxis: { ...template.layout.yaxis, range: y },
  });

  const titled = (template, text) => ({
    xaxis: { ...template.layout.xaxis, title: { ...template.layout.xaxis.title, text } },
  });

  const rowsOf = (values, width) =>
    Array.from(
      { length: values.length / width },
      (_, row) => values.subarray(row * width, (row + 1) * width),
    );

  const DRAW = {
    nonsingular({ plane, log_det }, { theory }) {
      if (!plane) {
        const finite = (log_det ?? []).filter((value) => value !== null); // −∞ has no place on it
        if (!finite.length) return [null, null];
        return [
          filled(
            theory.histogram,
            { histogram: { x: finite } },
            titled(theory.histogram, "log|det(I − η∇²L)|"),
          ),
          null,
        ];
      }
      const mesh = polylines(plane.mesh);
      const half = Math.max(...mesh.x);
      const { x, y } = plane;
      const shown = [x[0], x.at(-1)];
      const z = rowsOf(eos.unpacked(plane.preimages), x.length).map((row) =>
        Array.from(row, (n) => Math.min(n, 5))
      );
      return [
        filled(
          theory.plane,
          { mesh, fold: curves(plane.fold) },
          ranged(theory.plane, [-half, half], [-half, half]),
        ),
        filled(
          theory.image,
          { preimages: { x, y, z }, image: polylines(plane.image), caustic: curves(plane.caustic) },
          ranged(theory.image, shown, [y[0], y.at(-1)]),
        ),
      ];
    },

    manifold(panel, templates) {
      if (panel.shape) return [minimizers(panel, templates, null)];
      if (!panel.ratio) return [null];
      const { histogram } = templates.theory;
      const words = "smallest over largest singular value of J";
      return [filled(histogram, { histogram: { x: panel.ratio } }, titled(histogram, words))];
    },

    stable(panel, templates) {
      if (panel.shape) return [minimizers(panel, templates, panel), null];
      return panel.ray ? unbounded(panel.ray, templates.theory) : [null, null];
    },

    async measure_zero({ value, fraction, interval, outcome, half }, templates) {
      if (!value) return [null, null];
      const { convergence, map } = templates.theory;
      const curve = filled(convergence, {
        low: { x: value, y: interval[0] },
        high: { x: value, y: interval[1] },
        critical: { x: [1, 1], y: [0, 1.02] },
        fraction: { x: value, y: fraction, customdata: fraction.map(eos.percent) },
      });
      if (!outcome) return [curve, null];
      const [size] = outcome.shape;
      const step = (2 * half) / (size - 1);
      const image = {
        source: await eos.paintCodes(
          eos.unpacked(outcome),
          size,
          templates.outcomes,
          eos.templates.names,
        ),
        xref: "x",
        yref: "y",
        layer: "below",
        sizing: "stretch",
        xanchor: "left",
        yanchor: "top",
        x: -half - step / 2,
        y: half + step / 2,
        sizex: size * step,
        sizey: size * step,
      };
      return [curve, {
        data: [],
        layout: { ...map.layout, images: [image], ...ranged(map, [-half, half], [-half, half]) },
      }];
    },
  };

  /** An unbounded direction: loss and sharpness, which stay; the layer that grows, and what of the
   * weights is bounded. */
  function unbounded(
    { far: x, loss, sharpness, norm, product, threshold, most, layer },
    { ray, growth },
  ) {
    const level = (value) => ({ x, y: x.map(() => value) });
    const flat = {
      sharpness: { x, y: sharpness },
      loss: { x, y: loss },
      threshold: level(threshold),
    };
    const growing = { norm: { x, y: norm, name: `‖W<sub>${layer}</sub>‖` } };
    if (product[0] > 0) growing.product = { x, y: product }; // one layer has none
    if (most !== null) growing.most = level(most);
    return [filled(ray, flat), filled(growth, growing)];
  }

  /** M, coloured by sharpness, or with its stable part. */
  function minimizers(panel, templates, stable) {
    const points = eos.unpacked(panel.points);
    const sharpness = eos.unpacked(panel.sharpness);
    const inside = stable?.stable ? eos.unpacked(stable.stable) : null;
    const draw = panel.shape === "hyperbola" ? hyperbola : surface;
    return draw(templates.theory[panel.shape], points, sharpness, inside, stable?.bound);
  }

  function hyperbola(template, points, sharpness, inside, bound) {
    const number = points.length / 4;
    const part = (from) => Array.from(points.subarray(from * number, (from + 1) * number));
    const x = [...part(0), null, ...part(2)];
    const y = [...part(1), null, ...part(3)];
    const gap = (values) => [...values.slice(0, number), null, ...values.slice(number)];
    const color = gap(Array.from(sharpness, (s) => Math.log10(s)));
    const traces = { curve: { x, y, color } };
    if (inside) {
      const kept = gap(Array.from(inside));
      traces.stable = {
        x: x.map((v, i) => (kept[i] ? v : null)),
        y: y.map((v, i) => (kept[i] ? v : null)),
      };
    }
    if (bound && Number.isFinite(bound.smallest) && bound.smallest !== null) {
      const { upper } = bound;
      traces.box = {
        x: [-upper, upper, upper, -upper, -upper],
        y: [-upper, -upper, upper, upper, -upper],
      };
    }
    const reach = Math.min(6, Math.max(...part(0)));
    return filled(template, traces, ranged(template, [-reach, reach], [-reach, reach]));
  }

  function surface(template, points, sharpness, inside, bound) {
    const side = Math.round(Math.sqrt(points.length / 12));
    const size = side * side;
    const reach = 3;
    const traces = {};
    for (let patch = 0; patch < 4; patch++) {
      const grid = (axis) =>
        rowsOf(points.subarray((3 * patch + axis) * size, (3 * patch + axis + 1) * size), side);
      const keep = inside && rowsOf(inside.subarray(patch * size, (patch + 1) * size), side);
      const shade = rowsOf(sharpness.subarray(patch * size, (patch + 1) * size), side);
      const plain = (rows) => rows.map((row) => Array.from(row));
      const [x, y, z] = [0, 1, 2].map(grid);
      const where = (shown) =>
        plain(z).map((row, i) =>
          row.map((v, j) => (Math.abs(v) <= reach && shown(i, j) ? v : null))
        );
      const at = { x: plain(x), y: plain(y) };
      const { accent } = template.layout.meta;
      if (keep) {
        traces[`whole${patch}`] = { ...at, z: where((i, j) => !keep[i][j]) };
        const strong = { colorscale: [[0, accent], [1, accent]], showscale: false };
        traces[`patch${patch}`] = {
          ...at,
          z: where((i, j) => keep[i][j]),
          surfacecolor: plain(z),
          ...strong,
        };
      } else {
        const surfacecolor = shade.map((row) => Array.from(row, (s) => Math.log10(s)));
        traces[`patch${patch}`] = { ...at, z: where(() => true), surfacecolor, cmin: 0, cmax: 2 };
      }
    }
    if (inside && bound?.smallest) traces.box = cube(bound.upper);
    const axis = (name) => ({ ...template.layout.scene[name], range: [-reach, reach] });
    const scene = {
      ...template.layout.scene,
      xaxis: axis("xaxis"),
      yaxis: axis("yaxis"),
      zaxis: axis("zaxis"),
    };
    return filled(template, traces, { scene, uirevision: "surface" });
  }

  /** The edges of a cube of half width h. */
  function cube(h) {
    const corner = [[-h, -h], [h, -h], [h, h], [-h, h], [-h, -h]];
    const x = [];
    const y = [];
    const z = [];
    for (const height of [-h, h]) {
      for (const [a, b] of corner) x.push(a), y.push(b), z.push(height);
      x.push(null), y.push(null), z.push(null);
    }
    for (const [a, b] of corner.slice(0, 4))
      x.push(a, a, null), y.push(b, b, null), z.push(-h, h, null);
    return { x, y, z };
  }
})(window.eosdash);
