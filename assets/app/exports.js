/* What is taken home: the link, the Python call, the data and the figure. */

import { base, toast } from "../base/dom.js";
import { toSearch } from "../base/query.js";
import { copyText } from "./clipboard.js";
import { context } from "./dash.js";
import { linkShared } from "./link.js";
import { currentPage } from "./pages.js";
import { savePicture } from "./picture.js";
import { scheme } from "./scheme.js";

/** @type {ByName<string>} */
const ANIMATIONS = { gif: "/animation.gif", webp: "/animation.webp", frames: "/animation.npz" };

export const callbacks = {
  copy() {
    const triggered = context().triggered_id;
    if (triggered === "copy-link") copyText(linkShared(), "Link copied");
    const { start } = currentPage().shown() ?? {};
    if (triggered === "copy-python" && start)
      copyText(
        `import eosdash\n\n${currentPage().name} = ${start.python}\n`,
        "Python call copied",
      );
  },

  download() {
    const format = context().triggered_id?.split("-")[1];
    const page = currentPage();
    const { start } = page.shown() ?? {};
    if (!format || !start) return;
    const animated = ANIMATIONS[format];
    if (animated) toast("The frames are computed; the file follows.");
    if (page.files.includes(format) || animated) {
      const anchor = document.createElement("a");
      const search = new URLSearchParams(start.query);
      if (animated) search.set("scheme", scheme());
      anchor.href = `${base()}${page.api}${animated ?? `.${format}`}?${toSearch(search)}`;
      anchor.download = "";
      anchor.click();
    } else if (page.picture) savePicture(format, page);
  },
};
