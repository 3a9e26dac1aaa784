/* What the browser keeps for the next visit. */

/** What the browser keeps for the next visit; nothing, where storage is forbidden to it, as in
 * an iframe of another site.
 * @type {{
 *   get(name: string, store?: "localStorage" | "sessionStorage"): string | null,
 *   set(name: string, value: string | null, store?: "localStorage" | "sessionStorage"): void,
 * }} */
export const memory = {
  get(name, store = "localStorage") {
    try {
      return window[store].getItem(`eosdash-${name}`);
    } catch {
      return null;
    }
  },
  set(name, value, store = "localStorage") {
    try {
      if (value === null) window[store].removeItem(`eosdash-${name}`);
      else window[store].setItem(`eosdash-${name}`, value);
    } catch {
      // forgotten at the end of the visit
    }
  },
};
