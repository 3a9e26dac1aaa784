/* What is known of each field: its default, its group, the pages that have it. */

/** @type {ByName<Rule>} */
let rules = {}; // by name, of the page that is shown
export const allRules = () => Object.entries(rules);
/** @type {(name: string) => Rule} */
export const ruleOf = (name) => rules[name];
export const fieldNames = () => Object.keys(rules);

/** Take the rules of a page; whether they are others than before.
 * @param {ByName<Rule>} now */
export function takeRules(now) {
  const fresh = rules !== now;
  rules = now;
  return fresh;
}

/** Whether a field only looks at what is computed.
 * @type {(name: string) => boolean} */
export const isView = (name) => rules[name]?.group === "view";

/** By page, what its link may name.
 * @type {ByName<string[]>} */
export const FIELDS = JSON.parse(document.documentElement.dataset.fields ?? "{}");

/** Whether a field is of what all pages share: the network, its data, its start and η.
 * @type {(name: string) => boolean} */
export const isShared = (name) => Boolean(ruleOf(name)?.shared);

/** Whether every page has it; runs alone have momentum and mini-batches.
 * @type {(name: string) => boolean} */
export const isOfAll = (name) =>
  isShared(name) && Object.values(FIELDS).every((names) => names.includes(name));

/** The part of a query that every page has.
 * @type {(query: ByName<string>) => ByName<string>} */
export const networkOf = (query) =>
  Object.fromEntries(Object.entries(query).filter(([name]) => isOfAll(name)));

/** Whether a field says anything.
 * @type {(value: unknown) => boolean} */
export const isWritten = (value) => value !== null && value !== undefined && value !== "";
