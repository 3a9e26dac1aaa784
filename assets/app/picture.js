/* The figure as a file; a PNG carries what it takes to make it again in its metadata. */

import { pngWithText } from "../base/png.js";
import { linkOf } from "./link.js";

/** Save the figure of a page.
 * @param {string} format
 * @param {Page} page */
export async function savePicture(format, page) {
  if (!page.picture) return;
  const { data, layout, width, height, filename } = page.picture();
  const figure = { data, layout: { ...layout, width, height, autosize: false } };
  const url = await window.Plotly.toImage(figure, { format, width, height, scale: 2 });
  const { python } = page.shown()?.start;
  const blob = format === "png"
    ? new Blob([
      pngWithText(await bytesOf(url), {
        Software: "eosdash",
        Source: linkOf(),
        Description: python,
      }),
    ])
    : await (await fetch(url)).blob();
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = `${filename}.${format}`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10000);
}

/** @type {(url: string) => Promise<Uint8Array<ArrayBuffer>>} */
const bytesOf = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
