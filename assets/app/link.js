/* The link of what is shown, and the address bar. */

import { toSearch } from "../base/query.js";
import { fragmentOf, frame, framingOf } from "./frame.js";
import { currentPage } from "./pages.js";
import { isWritten, ruleOf } from "./rules.js";
import { valuesNow, viewNow } from "./values.js";

/** The link of what is shown: the canonical parameter set, whatever view is not default, and
 * what frames the page.
 * @param {Framing} [framing] */
export function linkOf(framing) {
  const search = new URLSearchParams(currentPage().shown()?.start?.query ?? {});
  const { cursor } = currentPage();
  if (cursor && isWritten(valuesNow()[cursor])) search.set(cursor, valuesNow()[cursor]);
  for (const [name, value] of Object.entries(viewNow()))
    if (String(value) !== String(ruleOf(name).default)) search.set(name, value);
  for (const [name, value] of Object.entries(framingOf(framing))) search.set(name, value);
  const fragment = fragmentOf((framing ?? frame).scene);
  return `${location.origin}${location.pathname}?${toSearch(search)}${fragment}`;
}

/** Put the link of what is shown into the address bar. */
export const showAddress = () => {
  history.replaceState(history.state, "", linkOf());
  const free = linkOf({ scene: 0, hide: [] });
  for (const copy of document.querySelectorAll(".eos-open, .eos-locked a"))
    copy.setAttribute("href", free);
};

/** The link to give away: as it is here, but not presented. */
export const linkShared = () => linkOf({ ...frame, present: false });
