/* The page of one run: what it shows of it beside the figures. */

import { $, say } from "../base/dom.js";
import { drawing, nextFrame } from "../base/drawing.js";
import { duration, origin } from "../base/format.js";
import { marked } from "../base/text.js";
import { drawFigure, superseded } from "../app/figure.js";
import { showTerm } from "../app/glossary.js";
import { registerPage } from "../app/pages.js";
import { scheme } from "../app/scheme.js";
import { allTemplates } from "../app/templates.js";
import { drawDetail } from "./detail.js";
import { explain, offerOptions } from "./explain.js";
import { dropExplanations } from "./explanations.js";
import { runFigure } from "./figure.js";
import { Run } from "./record.js";
import { drawRun, runState } from "./state.js";
import { seek, stopReplay, transportShows } from "./transport.js";

registerPage({
  name: "run",
  api: "/api/train",
  computing: "Computing the run …",
  files: ["csv", "npz"],
  Result: Run,
  picture: () => ({ ...figure(), width: 1200, height: 750, filename: "eosdash-run" }),
  shown: () => runState.current,
  draw: () => drawRun(),

  began(run) {
    if (runState.current?.count) runState.previous = runState.current;
    runState.current = run;
    runState.cursor = null;
    stopReplay();
    dropExplanations();
    progress(run);
  },

  headed(run) {
    describe(this.computing);
    listEvents([]);
    if (!run.drawn) superseded($("run-figure"), true);
    progress(run);
  },

  grew(run) {
    if (!run.offered) offerOptions(run);
    drawRun();
    progress(run);
  },

  ended(run) {
    runState.previous = null;
    const { end } = run;
    say("summary", marked(end, "summary"));
    describe(end.summary);
    const badge = $("badge");
    badge.textContent = `${allTemplates().marks[end.outcome]} ${end.badge}`;
    say("fate", end.fate);
    badge.dataset.outcome = end.outcome;
    listEvents(end.events);
    drawRun();
  },
});

async function drawNow(askedAgain) {
  const { current } = runState;
  const figure = $("run-figure");
  if (!window.Plotly || !figure || !allTemplates()) {
    setTimeout(drawRun, 20);
    return;
  }
  if (!current?.count) return;
  const templates = allTemplates()[scheme()];
  const count = current.count;
  await drawFigure(figure, ...runFigure(templates.run, runState));
  if (!figure.isConnected) return;
  listen(figure);
  superseded(figure, false);
  current.drawn = count;
  document.body.classList.add("eos-drawn");
  transportShows();
  await nextFrame(); // the curve is on the screen before the rest is drawn
  if (!askedAgain()) await drawDetail(templates);
  explain();
}

drawRun.listen(drawing(drawNow));

function listen(figure) {
  if (figure.dataset.listening) return;
  figure.dataset.listening = "yes";
  figure.on(
    "plotly_clickannotation",
    ({ annotation }) => annotation.name && showTerm(annotation.name),
  );
  figure.on("plotly_click", (event) => seek(event.points[0].pointIndex));
}

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
    chip.onclick = () => seek(event.step);
    return chip;
  });
  $("events").replaceChildren(...chips);
}

function progress(run) {
  const total = run.start.params.steps;
  $("progress").style.width = run.end ? "0" : `${(100 * run.count) / total}%`;
  const time = duration(run);
  const count = run.count.toLocaleString("en");
  if (run.end) {
    const doubt = run.unconverged
      ? ` · eigenvalues not converged at ${run.unconverged.toLocaleString("en")} of ${count} steps`
      : "";
    say("status", `${origin(run)} · ${time}${doubt}`);
  } else if (performance.now() - run.began > 100) {
    const pace = Math.round((1000 * run.count) / (performance.now() - run.began));
    const budget = total.toLocaleString("en");
    say("status", `${count} of ${budget} steps · ${pace.toLocaleString("en")} steps/s`);
  }
}
