/* Parameters as they stand in a link. */

/** Parameters as they stand in a link; the marks of lists stand for themselves, and so are short.
 * @type {(pairs: any) => string} */
export const toSearch = (pairs) =>
  new URLSearchParams(pairs).toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
