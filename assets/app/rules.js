/* What is known of each field: its default, its group, the pages that have it. */

let rules = {}; // by name, of the page that is shown
export const allRules = () => Object.entries(rules);
export const ruleOf = (name) => rules[name];
export const fieldNames = () => Object.keys(rules);
/** Take the rules of a page; whether they are others than before. */
export function takeRules(now) {
  const fresh = rules !== now;
  rules = now;
  return fresh;
}

/** Whether a field only looks at what is computed. */
export const isView = (name) => rules[name]?.group === "view";

/** By page, what its link may name. */
export const FIELDS = JSON.parse(document.documentElement.dataset.fields);

/** Whether a field is of what all pages share: the network, its data, its start and η. */
export const isShared = (name) => Boolean(ruleOf(name)?.shared);

/** Whether every page has it; runs alone have momentum and mini-batches. */
export const isOfAll = (name) =>
  isShared(name) && Object.values(FIELDS).every((names) => names.includes(name));

/** The part of a query that every page has. */
export const networkOf = (query) =>
  Object.fromEntries(Object.entries(query).filter(([name]) => isOfAll(name)));

/** Whether a field says anything. */
export const isWritten = (value) => value !== null && value !== undefined && value !== "";
