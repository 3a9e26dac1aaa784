/* Parameters as they stand in a link. */

/** Parameters as they stand in a link; the marks of lists stand for themselves, and so are short. */
export const toSearch = (pairs) =>
  new URLSearchParams(pairs).toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
