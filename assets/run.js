/* The page of one run: what it shows of it beside the figures. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const state = (eos.state = {
    current: null, // the run that is shown, or streaming in
    previous: null, // the one it supersedes, shown faded until the new one is there
    pins: [null, null, null, null],
    view: {},
    cursor: null, // a step, or null for the end
  });

  const $ = (id) => document.getElementById(id);

  eos.pages.run = {
    name: "run",
    api: "/api/train",
    computing: "Computing the run …",
    files: ["csv", "npz"],
    get Result() {
      return eos.Run;
    },
    picture: () => ({ ...figure(), width: 1200, height: 750, filename: "eosdash-run" }),
    shown: () => state.current,
    draw: () => eos.draw(),

    began(run) {
      if (state.current?.count) state.previous = state.current;
      state.current = run;
      state.cursor = null;
      eos.stop();
      eos.unexplain();
      progress(run);
    },

    headed(run) {
      describe(this.computing);
      listEvents([]);
      if (!run.drawn) eos.superseded($("run-figure"), true);
      progress(run);
    },

    grew(run) {
      if (!run.offered) eos.offer(run);
      eos.draw();
      progress(run);
    },

    ended(run) {
      state.previous = null;
      const { end } = run;
      eos.say("summary", eos.marked(end, "summary"));
      describe(end.summary);
      const badge = $("badge");
      badge.textContent = `${eos.templates.marks[end.outcome]} ${end.badge}`;
      eos.say("fate", end.fate);
      badge.dataset.outcome = end.outcome;
      listEvents(end.events);
      eos.draw();
    },
  };

  function figure() {
    const { data, layout } = $("run-figure");
    return { data, layout };
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
    const time = eos.duration(run);
    const count = run.count.toLocaleString("en");
    if (run.end) {
      const doubt = run.unconverged
        ? ` · eigenvalues not converged at ${
          run.unconverged.toLocaleString("en")
        } of ${count} steps`
        : "";
      eos.say("status", `${eos.origin(run)} · ${time}${doubt}`);
    } else if (performance.now() - run.began > 100) {
      const pace = Math.round((1000 * run.count) / (performance.now() - run.began));
      const budget = total.toLocaleString("en");
      eos.say("status", `${count} of ${budget} steps · ${pace.toLocaleString("en")} steps/s`);
    }
  }
})(window.eosdash);
