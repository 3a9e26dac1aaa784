/* From the controls to a run: ask for it, follow it, say what it is. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const PACE = 30; // ms between two requests while a slider is dragged
  const RETRY = 2000;

  const state = (eos.state = {
    current: null, // the run that is shown, or streaming in
    previous: null, // the one it supersedes, shown faded until the new one is there
    pins: [null, null, null, null],
    view: {},
    cursor: null, // a step, or null for the end
  });

  let abort = null;
  let waiting = null;
  let asked = 0;

  const $ = (id) => document.getElementById(id);
  eos.say = (id, words) => {
    const element = $(id);
    if (!element || element.words === words) return;
    element.words = words;
    element.replaceChildren(...eos.rich(words));
  };
  eos.rich = (words) => words.split("η_C").flatMap((part, i) => (i ? [etaC(), part] : [part]));

  function etaC() {
    const symbol = document.createElement("span");
    symbol.innerHTML = "η<sub>C</sub>";
    return symbol;
  }

  /** Ask for the run of a query, at once or as soon as the pace allows; the last one wins. */
  eos.request = function (query, changed) {
    clearTimeout(waiting);
    const pause = asked + PACE - performance.now();
    if (pause > 0) waiting = setTimeout(() => follow(query, changed), pause);
    else follow(query, changed);
  };

  async function follow(query, changed) {
    asked = performance.now();
    abort?.abort();
    const mine = (abort = new AbortController());
    const run = new eos.Run(query);
    const take = (record) => {
      if (mine.signal.aborted) return;
      run.take(record);
      if (record.type === "start") begin(run, changed);
      else eos.draw();
      progress(run);
      if (record.type === "end") finish(run);
    };
    try {
      await eos.stream(`/api/train?${query}`, mine.signal, take);
      if (!run.end && !mine.signal.aborted) throw new Error("the stream was cut");
    } catch (problem) {
      if (mine.signal.aborted) return;
      if (problem.status === 422) refuse(problem.error, changed);
      else unreachable(query, changed);
    }
  }

  function begin(run, changed) {
    if (state.current?.count) state.previous = state.current;
    state.current = run;
    state.cursor = null;
    eos.stop();
    if (changed) {
      eos.accept(changed);
      eos.say("problem", "");
    }
    eos.say("setup", run.start.setup);
    dimmed(false);
    eos.address();
    eos.learningRate(run.start);
  }

  function finish(run) {
    state.previous = null;
    const { end } = run;
    eos.say("summary", end.summary);
    describe(end.summary);
    const badge = $("badge");
    badge.textContent = `${eos.templates.marks[end.outcome]} ${end.outcome}`;
    eos.say("fate", end.fate);
    badge.dataset.outcome = end.outcome;
    listEvents(end.events);
    eos.draw();
  }

  function describe(words) {
    for (const id of ["run-figure", "detail-figure"]) {
      $(id)?.setAttribute("role", "img");
      $(id)?.setAttribute("aria-label", words);
    }
  }

  function listEvents(events) {
    const chips = events.map((event, i) => {
      const chip = document.createElement("button");
      chip.className = "eos-event";
      chip.innerHTML = `<b>${i + 1}</b> `;
      chip.append(`${event.text} `);
      const step = document.createElement("span");
      step.textContent = `step ${event.step.toLocaleString("en")}`;
      chip.append(step);
      chip.onclick = () => eos.seek(event.step);
      return chip;
    });
    $("events").replaceChildren(...chips);
  }

  function progress(run) {
    const total = run.start.params.steps;
    $("progress").style.width = run.end ? "0" : `${(100 * run.count) / total}%`;
    const seconds = run.end ? run.seconds : (performance.now() - run.began) / 1000;
    const time = seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`;
    const count = run.count.toLocaleString("en");
    if (run.end) {
      const doubt = run.unconverged ? ` · ${run.unconverged} eigenvalues not converged` : "";
      eos.say("status", `${run.end.cached ? "cached" : "computed"} · ${time}${doubt}`);
    } else if (seconds > 0.1) {
      const pace = Math.round(run.count / seconds).toLocaleString("en");
      eos.say("status", `step ${count} of ${total.toLocaleString("en")} · ${pace} steps/s`);
    }
  }

  /** A value that cannot be used: said beside its field, with the last picture left standing. */
  function refuse(error, changed) {
    const explicit = error.field === "weights" && !["weights", "init"].includes(changed);
    if (explicit) {
      eos.toast("The weights given do not fit this network: a Gaussian start instead.");
      eos.set("init", "gaussian");
      return;
    }
    eos.reject(error);
    eos.say("problem", `${error.field}: ${error.message}. Allowed: ${error.allowed}.`);
    eos.say("status", "");
    dimmed(true);
  }

  function unreachable(query, changed) {
    eos.say("problem", "The server does not answer. The last picture stays; trying again.");
    dimmed(true);
    waiting = setTimeout(() => follow(query, changed), RETRY * (0.5 + Math.random()));
  }

  function dimmed(yes) {
    document.body.classList.toggle("eos-dimmed", yes);
  }

  eos.toast = function (words) {
    const toast = $("toast");
    toast.textContent = words;
    toast.classList.add("eos-toast-shown");
    clearTimeout(toast.timer);
    toast.timer = setTimeout(() => toast.classList.remove("eos-toast-shown"), 4000);
  };
})(window.eosdash);
