/* What is set in Dash, and what its callbacks are told. */

/** What a callback returns for what stays as it is. */
export const skip = () => window.dash_clientside.no_update;

/** What a callback is told of its inputs. */
export const context = () => window.dash_clientside.callback_context;

/** Set what a component of the page shows. One whose page was left meanwhile is none of Dash's
 * any more, and setting it would be an error.
 * @param {string | ByName<string>} target
 * @param {ByName<unknown>} values */
export function setProps(target, values) {
  const id = typeof target === "string"
    ? target
    : JSON.stringify(target, Object.keys(target).sort());
  if (document.getElementById(id)) window.dash_clientside.set_props(target, values);
}

/** Set what a component shows that is on every page.
 * @type {(id: string, values: ByName<unknown>) => void} */
export const setShell = (id, values) => window.dash_clientside.set_props(id, values);

/** Go to an address of the app without loading it anew.
 * @param {string} href */
export function visit(href) {
  // With href, or Dash takes the one that it saw last for an address to go to.
  const { pathname, search, href: whole } = new URL(href, location.href);
  setShell("location", { pathname, search, href: whole });
}
