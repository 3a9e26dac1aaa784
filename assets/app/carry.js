/* What one page hands to the others: whatever its link and its hands have told. */

import { base, listen } from "../base/dom.js";
import { toSearch } from "../base/query.js";
import { setProps } from "./dash.js";
import { frame, framingOf } from "./frame.js";
import { currentPage, pages } from "./pages.js";
import { fieldNames, FIELDS, isOfAll, isWritten, ruleOf } from "./rules.js";
import { fieldValue, viewNow } from "./values.js";

const VARIED = ["lr", "init_scale", "depth", "width"]; // may be an axis, and then stand in no query
/** @type {ByName<any>} */
const told = {}; // by links and hands, on all pages of this visit

/** What this page was told: its network, and what else is not as it would be by itself.
 * @param {Line} start */
function learn({ query, fitting = {} }) {
  const axes = Object.fromEntries(VARIED.filter(ruleOf).map((name) => [name, fieldValue(name)]));
  /** @type {ByName<any>} */
  const shown = { ...axes, ...query, ...viewNow() };
  const { cursor } = currentPage();
  if (cursor) shown[cursor] = fieldValue(cursor);
  for (const name of fieldNames()) {
    const usual = String(shown[name]) === String(fitting[name] ?? ruleOf(name).default);
    if (name in shown && isWritten(shown[name]) && (isOfAll(name) || !usual))
      told[name] = shown[name];
    else delete told[name];
  }
  if (isWritten(told.hidden)) delete told.width;
}

/** The links to the other pages take along whatever those have too. */
function carry() {
  const { start } = currentPage().shown() ?? {};
  if (start) learn(start);
  for (const page of Object.keys(pages)) {
    const path = `${base()}/${page === "run" ? "" : page}`;
    const there = pages[page].api; // the deck has neither a network nor a scene beside it
    // On a map whose starts still move when the steps are spent, the loss says more than the outcome.
    const looks = page === "basin" && ![undefined, "linear"].includes(told.activation)
      ? { color: "loss" }
      : {};
    const theirs = Object.entries(told).filter(([name]) => FIELDS[page]?.includes(name));
    const pairs = there
      ? { ...looks, ...Object.fromEntries(theirs), ...framingOf() }
      : framingOf({ ...frame, scene: 0 });
    const search = toSearch(pairs);
    const bare = location.pathname === path || !search;
    setProps(`nav-${page}`, { href: bare ? path : `${path}?${search}` });
  }
}

for (const kind of ["pointerover", "focusin"])
  listen(kind, ({ target }) => target.closest?.(".eos-nav") && carry());
