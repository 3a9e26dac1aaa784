/* What explains a run: asked for when it is looked at, and laid over the run as it streams in. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const PATIENCE = 500; // ms that a run has for itself before what explains it is asked for
  const REST = 250; // ms that the cursor rests before the spectrum of its step is asked for
  const MOST = 24; // explanations of a run that are kept
  const PLAIN = new Set(["central_flow", "portrait", "progress"]);
  const NOT_COLUMNS = new Set(["type", "unconverged"]);

  const $ = (id) => document.getElementById(id);

  /** An explanation as the browser holds it: its start, growing columns or frames, and its end. */
  class Explanation {
    constructor() {
      Object.assign(this, { start: null, columns: {}, frames: [], end: null, problem: "" });
      this.abort = new AbortController();
    }

    take(record) {
      if (record.type === "start") this.start = record;
      else if (record.type === "end") this.end = record;
      else if (record.type === "frame") this.frames.push(record);
      else if (record.type === "chunk") this.append(record);
    }

    append(chunk) {
      for (const [name, values] of Object.entries(chunk)) {
        if (NOT_COLUMNS.has(name)) continue;
        const column = (this.columns[name] ??= []);
        for (const value of values) column.push(value);
      }
    }

    /** What is seen, or how it goes, in a sentence. */
    get words() {
      if (this.problem) return this.problem;
      return this.end ? eos.marked(this.end, "summary") : "Computing …";
    }
  }

  let explained = null; // the run that is explained
  let waiting = { key: "", timer: null };
  const held = new Map();
  const keyOf = (name, at) => `${name} ${at}`;

  /** What there is of an explanation of a run, if it is the one that is shown. */
  eos.explained = (
    run,
    name,
    at = 0,
  ) => (run === explained ? held.get(keyOf(name, at)) : undefined);

  /** The spectrum of a step, or the last one that is there. */
  eos.lastExplained = (run, name, at) => {
    const there = eos.explained(run, name, at);
    if (there?.columns && Object.keys(there.columns).length) return there;
    const others = run === explained
      ? [...held].filter(([key, one]) => key.startsWith(`${name} `) && one.end)
      : [];
    return others.at(-1)?.[1] ?? there;
  };

  /** Why a run has no such explanation; nothing if it has. */
  eos.unexplained = (run, name) => {
    const { optimizer, momentum, batch } = run.start.params;
    const plain = !batch && (!optimizer || optimizer === "gradient_descent" || !momentum);
    return PLAIN.has(name) && !plain ? "Of full-batch gradient descent without momentum only." : "";
  };

  /** Stop whatever explains the run before. */
  eos.unexplain = function () {
    clearTimeout(waiting.timer);
    waiting = { key: "", timer: null };
    for (const one of held.values()) one.abort.abort();
    held.clear();
    explained = null;
  };

  const flowFrom = (run, view) => Math.min(Number(view.flow_from) || 0, run.start.params.steps - 1);

  /** What the view asks for: [name, step] each. */
  function wanted(run, view) {
    const asked = [];
    if (view.flow) asked.push(["gradient_flow", flowFrom(run, view)]);
    if (view.central) asked.push(["central_flow", 0]);
    const beside = eos.detailAsks(run, view);
    if (beside) asked.push([beside, beside === "spectrum" ? eos.stepShown(eos.state) : 0]);
    return asked.filter(([name]) => !eos.unexplained(run, name));
  }

  /** Ask for what the view wants and is not there; leave what it wants no longer. */
  eos.explains = function () {
    const { current: run, view } = eos.state;
    if (!run?.count) return;
    if (explained !== run) {
      eos.unexplain();
      explained = run;
    }
    const asked = wanted(run, view);
    const keys = asked.map(([name, at]) => keyOf(name, at));
    for (const [key, one] of held) {
      if (keys.includes(key) || one.end) continue;
      one.abort.abort();
      held.delete(key);
    }
    say(run, view);
    const missing = asked.filter((_, i) => !held.has(keys[i]));
    const key = JSON.stringify([missing, Boolean(run.end)]);
    if (key === waiting.key) return;
    clearTimeout(waiting.timer);
    const own = run.end ? 0 : Math.max(0, run.began + PATIENCE - performance.now());
    const rest = missing.some(([name]) => name === "spectrum") ? REST : 0;
    const go = () => {
      waiting.key = "";
      for (const [name, at] of missing) if (explained === run) ask(run, name, at);
    };
    waiting = { key, timer: missing.length ? setTimeout(go, Math.max(own, rest)) : null };
  };

  async function ask(run, explanation, at) {
    const mine = new Explanation();
    held.set(keyOf(explanation, at), mine);
    const finished = [...held].filter(([, one]) => one.end);
    if (finished.length > MOST) held.delete(finished[0][0]);
    const { eigenvalues: _, lambda_min: __, ...query } = run.start.query; // the spectrum marks five
    const take = (record) => {
      if (!$("run-figure")) return mine.abort.abort(); // the page was left
      mine.take(record);
      eos.draw();
    };
    try {
      const search = eos.search({ ...query, explanation, at });
      await eos.stream(`/api/explain?${search}`, mine.abort.signal, take);
    } catch (problem) {
      if (mine.abort.signal.aborted) return;
      if (!problem.status) throw problem;
      const { message, allowed } = problem.error ??
        { message: "the server refused", allowed: "another run" };
      mine.problem = `Not explained: ${message}. Allowed: ${allowed}.`;
      eos.draw();
    }
  }

  const RESOLVED = 1e-10; // below this share of its start a flow's loss is the integrator's error
  const resolved = (losses) => losses.map((loss) => (loss > RESOLVED * losses[0] ? loss : null));

  const OVERLAID = [
    { option: "flow", name: "gradient_flow", words: "gradient flow", loss: "loss", at: flowFrom },
    {
      option: "central",
      name: "central_flow",
      words: "central flow",
      loss: "mean_loss",
      at: () => 0,
    },
  ];

  /** What lies over the curves of a run: traces by name, their values by row, and their names. */
  eos.overlaid = function (run, view) {
    const made = { filled: {}, values: { loss: [], sharpness: [] }, names: [] };
    for (const { option, name, words, loss, at } of OVERLAID) {
      const columns = view[option] && eos.explained(run, name, at(run, view))?.columns;
      if (!columns?.step) continue;
      const x = view.axis === "time" ? columns.time : columns.step;
      for (
        const [row, values] of [["loss", resolved(columns[loss])], ["sharpness", columns.sharpness]]
      ) {
        made.filled[`${option}.${row}`] = [x, values];
        for (const value of values) made.values[row].push(value);
      }
      made.names.push([option, words]);
    }
    return made;
  };

  /** What is laid over the run, in words below it. */
  function say(run, view) {
    const note = $("explain-note");
    if (!note) return;
    const paragraphs = OVERLAID.filter(({ option }) => view[option]).map(({ name, words, at }) => {
      const missing = eos.unexplained(run, name);
      if (missing) return `${words[0].toUpperCase()}${words.slice(1)}: ${missing}`;
      const one = eos.explained(run, name, at(run, view));
      const begun = one?.end ? "" : `${words[0].toUpperCase()}${words.slice(1)}: `;
      return [
        `${begun}${one?.words ?? "Computing …"}`,
        ...(one?.start ? eos.marked(one.start, "notes") : []),
      ].join(" ");
    });
    const words = paragraphs.join("\n");
    if (note.words === words) return;
    note.words = words;
    note.replaceChildren(
      ...paragraphs.map((text) => {
        const paragraph = document.createElement("p");
        paragraph.append(...eos.rich(text));
        return paragraph;
      }),
    );
  }

  /** Which options a run has; the others are switched off, with the reason. */
  eos.offer = function (run) {
    run.offered = true;
    const { columns } = run;
    eos.disable(
      "gfs",
      columns.gfs_sharpness
        ? undefined
        : "Scalar chains with y ≠ 0 and without weight decay have a gradient-flow solution.",
    );
    eos.disable("central", eos.unexplained(run, "central_flow") || undefined);
    const data = Object.entries(eos.templates?.details ?? {}).map(([value, label]) => ({
      value,
      label,
      disabled: Boolean(eos.detailMissing(run, value)),
    }));
    if (data.length) eos.setProps({ type: "param", name: "detail" }, { data });
  };

  document.addEventListener("click", ({ target }) => {
    if (!target.closest?.("#flow-here") || !eos.state.current?.count) return;
    eos.set("flow_from", eos.stepShown(eos.state));
    eos.set("flow", true);
  });
})(window.eosdash);
