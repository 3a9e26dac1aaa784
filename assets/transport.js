/* Play, pause, step, scrub, on what was computed; and pinned runs. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const PACE = 60; // steps a second at ×1
  /* Two keys that follow each other fast come as one callback. */
  const triggered = () =>
    window.dash_clientside.callback_context.triggered.map(({ prop_id }) => prop_id.split(".")[0])
      .filter(Boolean);

  let speed = 1;
  let playing = null;
  let scrubbed = null; // what the slider was last told
  let hand = false; // whether the slider is held, so that its echo is not taken for a hand
  for (const kind of ["pointerdown", "keydown"])
    document.addEventListener(
      kind,
      ({ target }) => (hand = Boolean(target.closest?.("#scrub"))),
      true,
    );

  eos.seek = function (step) {
    const { current } = eos.state;
    if (!current?.count) return;
    const last = current.count - 1;
    eos.state.cursor = step >= last ? null : Math.max(0, Math.round(step));
    eos.draw();
  };

  eos.stop = function () {
    if (playing) cancelAnimationFrame(playing);
    playing = null;
    face();
  };

  function play() {
    let at = eos.state.cursor ?? 0;
    let before = performance.now();
    eos.seek(at);
    const frame = (now) => {
      at += ((now - before) / 1000) * PACE * speed;
      before = now;
      eos.seek(Math.floor(at));
      if (eos.state.cursor === null) eos.stop();
      else playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
    face();
  }

  function face() {
    const button = document.getElementById("play");
    if (!button) return;
    button.classList.toggle("eos-playing", playing !== null);
    button.setAttribute("aria-label", playing === null ? "Play" : "Pause");
  }

  /** Slider and read-out follow the state. */
  eos.transportShows = function () {
    const { current } = eos.state;
    const step = eos.stepShown(eos.state);
    const last = current.count - 1;
    if (scrubbed?.last !== last || scrubbed?.step !== step) {
      scrubbed = { step, last };
      eos.setProps("scrub", { value: step, max: Math.max(1, last) });
    }
    const { loss, sharpness, lr } = current.columns;
    const total = (current.end ? last : current.start.params.steps - 1).toLocaleString("en");
    const { factor, words } = current.start.edge;
    const edge = (sharpness[step] * lr[step]) / factor;
    eos.say(
      "readout",
      `step ${step.toLocaleString("en")} / ${total} · loss ${short(loss[step])} · ` +
        `sharpness ${short(sharpness[step])} = ${eos.ofEdge(edge)} · ${words}`,
    );
  };

  /** A sharpness in thresholds, as headlines give it. */
  eos.ofEdge = (ratio) => (ratio > 0.01 && ratio < 1e5 ? ratio.toFixed(3) : short(ratio));

  const short = (value) =>
    value === null
      ? "∞"
      : value !== 0 && (value < 1e-3 || value >= 1e5)
      ? value.toExponential(1)
      : value.toPrecision(3);

  function pinRow(i) {
    const run = eos.state.pins[i];
    const row = document.getElementById(`pin-${i}`);
    row.classList.toggle("eos-hidden", !run);
    if (!run) return;
    const open = document.createElement("a");
    open.replaceChildren(...eos.rich(run.start.setup.replace(/\.$/, "")));
    open.href = `?${eos.search(run.start.query)}`;
    const remove = document.createElement("button");
    remove.textContent = "✕";
    remove.setAttribute("aria-label", `Unpin run ${i + 1}`);
    remove.onclick = () => setPin(i, null);
    row.replaceChildren(open, remove);
  }

  function setPin(i, run) {
    eos.state.pins[i] = run;
    pinRow(i);
    const some = eos.state.pins.some(Boolean);
    document.getElementById("no-pins").classList.toggle("eos-hidden", some);
    eos.draw();
  }

  const step = (by) => eos.seek(eos.stepShown(eos.state) + by);

  const KEYS = {
    "to-start": () => eos.seek(0),
    "step-back": () => step(-1),
    "step-forward": () => step(1),
    "to-end": () => eos.seek(Infinity),
  };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.eosdash = Object.assign(window.dash_clientside.eosdash ?? {}, {
    transport() {
      if (!eos.state.current?.count) return;
      for (const key of triggered()) {
        const wasPlaying = playing !== null;
        eos.stop();
        if (key === "play" && !wasPlaying) play();
        KEYS[key]?.();
      }
    },

    scrub(value) {
      if (!hand || !scrubbed || value === scrubbed.step) return;
      eos.stop();
      scrubbed.step = value;
      eos.seek(value);
    },

    speed(value) {
      speed = Number(value);
    },

    pin() {
      const { current, pins } = eos.state;
      if (!triggered().length || !current?.end) return;
      const free = pins.indexOf(null);
      if (free < 0) eos.toast("Four runs are pinned: unpin one first.");
      else setPin(free, current);
    },
  });
})(window.eosdash);
