/* Everything together. */

import { $, say } from "./base_dom.js";
import { digits } from "./base_format.js";
import { readNumber } from "./base_number.js";
import { percent } from "./base_percent.js";
import { knowTerms } from "./base_text.js";
import "./app_carry.js";
import { callbacks as controls } from "./app_controls.js";
import { setProps } from "./app_dash.js";
import { openDialog } from "./app_dialogs.js";
import { callbacks as exports } from "./app_exports.js";
import { drawFigure } from "./app_figure.js";
import "./app_glossary.js";
import "./app_menus.js";
import { currentPage } from "./app_pages.js";
import { callbacks as schemes, restoreScheme } from "./app_scheme.js";
import "./app_steps.js";
import { holdTemplates } from "./app_templates.js";
import { redo, undo } from "./app_undo.js";
import { fieldValue, setField, setState } from "./app_values.js";
import "./app_waiting.js";
import "./run_page.js";
import { runState } from "./run_state.js";
import { callbacks as transport, seek } from "./run_transport.js";
import { callbacks as map } from "./map_page.js";
import { callbacks as play } from "./map_play.js";
import { mapState } from "./map_state.js";
import { callbacks as sweep, sweepState } from "./sweep_page.js";
import { theoryState } from "./theory_page.js";
import "./talk_keys.js";
import { sceneState } from "./talk_scene.js";
import { reveal, sceneShows } from "./talk_scenes.js";
import { showQr } from "./talk_share.js";
import { offerTour } from "./talk_tour.js";

/** When a page has been laid out. */
function prepare(templates, terms) {
  holdTemplates(templates);
  window.MathJax?.typesetClear?.(); // it keeps the formulas of a page that was left
  knowTerms(terms);
  document.body.dataset.page = currentPage().name;
  restoreScheme();
  sceneShows();
  offerTour();
  currentPage().draw();
  return true;
}

/* Dash looks its callbacks up here. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.eosdash = {
  prepare,
  ...controls,
  ...exports,
  ...map,
  ...play,
  ...schemes,
  ...sweep,
  ...transport,
};

/* For the tests: the state, and a few hands on it. */
window.eosdash = {
  state: runState,
  mapState,
  sceneState,
  sweepState,
  theoryState,
  page: currentPage,
  value: fieldValue,
  set: setField,
  setState,
  setProps,
  undo,
  redo,
  seek,
  say,
  reveal,
  openDialog,
  showQr,
  graph: $,
  react: drawFigure,
  number: readNumber,
  digits,
  percent,
};
