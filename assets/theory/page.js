/* The page of the theory: fills each statement's picture and check as its line arrives. */

import { $, say } from "../base/dom.js";
import { digits, duration, origin } from "../base/format.js";
import { marked } from "../base/text.js";
import { drawFigure, superseded } from "../app/figure.js";
import { registerPage } from "../app/pages.js";
import { showHead } from "../app/request.js";
import { scheme } from "../app/scheme.js";
import { allTemplates } from "../app/templates.js";
import { viewNow } from "../app/values.js";
import { FIGURES } from "./panels.js";
import { Theory } from "./record.js";
import { theoryPicture } from "./sheet.js";

const PANELS = ["nonsingular", "manifold", "stable", "measure_zero"];
/** What is asked for, what is shown, and by statement its last good panel.
 * @type {{ asked: Theory | null, theory: Theory | null, panels: ByName<Line> }} */
export const theoryState = { asked: null, theory: null, panels: {} };

/** @type {Page<Theory>} */
const page = {
  name: "theory",
  api: "/api/theory",
  computing: "Checking the statements …",
  said: PANELS.flatMap((name) => ["check", "missing", "instead"].map((part) => `${name}-${part}`)),
  files: [],
  /** One figure fits an embed.
   * @type {(view: ByName<Value>) => ByName<string>} */
  embedded: (view) => (view.statement === "all" ? { statement: "measure_zero" } : {}),
  Result: Theory,
  shown: () => theoryState.asked ?? theoryState.theory,
  draw() {
    choose();
    PANELS.forEach((name) => drawPanel(name));
  },
  picture: () => theoryPicture(PANELS, theoryState),

  began(theory) {
    choose();
    theoryState.asked = theory;
  },

  headed(theory) {
    theoryState.panels = { ...theory.panels };
    for (const name of PANELS) superseded($(`${name}-panel`), !(name in theory.panels));
  },

  grew(theory, record) {
    if (record.type !== "panel") return;
    showHead(theory);
    theoryState.theory = theory;
    theoryState.panels[record.panel] = record;
    const done = Object.keys(theory.panels).length;
    $("progress").style.width = `${(100 * done) / PANELS.length}%`;
    if (record.panel === "stable") say("summary", record.summary);
    drawPanel(record.panel);
  },

  ended(theory) {
    $("progress").style.width = "0";
    const { spread, starts } = theory.start.estimate;
    const numerical = spread && starts > 1
      ? ` · η_C numerical: least S from ${starts} starts ${digits(spread[0], 5)} to ${
        digits(spread[1], 5)
      }, an upper estimate`
      : "";
    const how = origin(theory);
    say("status", `${how} · ${duration(theory)}${numerical}`);
    theory.drawn = true;
  },
};
registerPage(page);

/** Show all statements, or the one that is chosen. */
function choose() {
  const shown = viewNow().statement ?? "all";
  $("theory-figure")?.classList.toggle("eos-one", shown !== "all");
  for (const name of PANELS)
    $(`${name}-panel`)?.classList.toggle("eos-hidden", ![name, "all"].includes(shown));
}

/** @param {string} name */
async function drawPanel(name) {
  const panel = theoryState.panels[name]; // the last good one, until the next is there
  if (!panel || !$(`${name}-a`)?.closest(".eos-statement:not(.eos-hidden)")) return;
  if (!window.Plotly || !allTemplates()?.light.theory) {
    setTimeout(() => drawPanel(name), 30);
    return;
  }
  say(`${name}-check`, `${marked(panel, "check")}.`);
  const drawn = await FIGURES[name](panel, allTemplates()[scheme()]);
  // The next one is drawn, or the page was left.
  if (panel !== theoryState.panels[name] || !$(`${name}-a`)) return;
  const reasons = panel.missing;
  const missing = drawn.some(Boolean) ? reasons.map : (reasons.stable ?? Object.values(reasons)[0]);
  say(`${name}-missing`, panel.instead.includes(missing) ? "" : (missing ?? ""));
  assume(name, panel);
  const elements = ["a", "b"].map((part) => $(`${name}-${part}`));
  elements.forEach((element, i) => element?.classList.toggle("eos-hidden", !drawn[i]));
  for (const [i, element] of elements.entries()) {
    if (!element || !drawn[i]) continue;
    const config = { displayModeBar: false, scrollZoom: false };
    await drawFigure(element, drawn[i].data, drawn[i].layout, config);
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", panel.check);
  }
  if (panel === theoryState.panels[name]) superseded($(`${name}-panel`), false);
  document.body.classList.add("eos-drawn");
}

/** @type {Map<boolean | null, [string, string]>} */
const MARKS = new Map([[true, ["✓", "holds"]], [false, ["✗", "fails"]], [null, [
  "?",
  "not known",
]]]);

/** Which assumptions of a statement hold, and what is true where one does not.
 * @param {string} name
 * @param {Line} panel */
function assume(name, { assumptions, instead }) {
  for (const { name: need, holds } of assumptions) {
    /** @type {any} */
    const item = document.querySelector(`#${name}-assumptions [data-need="${need}"]`);
    const [mark, words] = MARKS.get(holds) ?? ["", ""];
    item.className = holds === false ? "eos-fails" : "";
    item.firstElementChild.textContent = mark;
    item.firstElementChild.setAttribute("role", "img");
    item.firstElementChild.setAttribute("aria-label", words);
  }
  say(`${name}-instead`, instead);
  $(`${name}-instead`).parentElement.classList.toggle("eos-hidden", !instead);
  $(`${name}-refuted`).classList.toggle("eos-hidden", Boolean(instead));
}
