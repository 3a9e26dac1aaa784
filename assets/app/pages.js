/* The pages, of which one is shown. */

import { $ } from "../base/dom.js";

/* Each page says how it asks and what it does with the answer:
 * {api, computing, said, Result, began(result), grew(result, record), ended(result), headed(result),
 * shown(), draw()}; ``said`` are the elements that say something of a result, besides those of all. */
export const pages = {};
export const registerPage = (page) => (pages[page.name] = page);

export const currentPage = () =>
  Object.values(pages).find(({ name }) => $(`${name}-figure`)) ?? pages.run;
