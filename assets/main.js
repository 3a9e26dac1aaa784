/* Everything together. */

import { $, say } from "./base/dom.js";
import { digits } from "./base/format.js";
import { readNumber } from "./base/number.js";
import { percent } from "./base/percent.js";
import { knowTerms } from "./base/text.js";
import "./app/carry.js";
import { callbacks as controls } from "./app/controls.js";
import { setProps } from "./app/dash.js";
import { openDialog } from "./app/dialogs.js";
import { callbacks as exports } from "./app/exports.js";
import { drawFigure } from "./app/figure.js";
import "./app/glossary.js";
import "./app/menus.js";
import { currentPage, pages } from "./app/pages.js";
import { callbacks as schemes, restoreScheme } from "./app/scheme.js";
import "./app/steps.js";
import { holdTemplates } from "./app/templates.js";
import { redo, undo } from "./app/undo.js";
import { fieldValue, setField, setState } from "./app/values.js";
import "./app/waiting.js";
import "./run/page.js";
import { runState, stepShown } from "./run/state.js";
import { callbacks as transport, seek } from "./run/transport.js";
import { callbacks as map } from "./map/page.js";
import { callbacks as play } from "./map/play.js";
import { mapState } from "./map/state.js";
import { callbacks as sweep, sweepState } from "./sweep/page.js";
import { theoryState } from "./theory/page.js";
import "./talk/keys.js";
import { sceneState } from "./talk/scene.js";
import { reveal, sceneShows } from "./talk/scenes.js";
import { showQr } from "./talk/share.js";
import { offerTour } from "./talk/tour.js";

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
  stepShown,
  pages,
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
