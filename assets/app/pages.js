/* The pages, of which one is shown. */

import { $ } from "../base/dom.js";

/** By name, how each page asks and what it does with the answer.
 * @type {ByName<Page>} */
export const pages = {};

/** @type {(page: Page) => void} */
export const registerPage = (page) => void (pages[page.name] = page);

/** The page that is shown.
 * @type {() => Page} */
export const currentPage = () =>
  Object.values(pages).find(({ name }) => $(`${name}-figure`)) ?? pages.run;
