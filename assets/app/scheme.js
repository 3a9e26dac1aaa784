/* Light or dark. */

import { memory } from "../base/memory.js";
import { setShell } from "./dash.js";
import { currentPage } from "./pages.js";

const SCHEME = "scheme"; // its name in the memory

/** Show the one that was chosen last. */
export const restoreScheme = () => {
  const saved = memory.get(SCHEME);
  if (saved) setShell("mantine", { forceColorScheme: saved });
};

/** The one that is shown. */
export const scheme = () => document.documentElement.dataset.mantineColorScheme ?? "light";

new MutationObserver(() => currentPage()?.draw()).observe(document.documentElement, {
  attributeFilter: ["data-mantine-color-scheme"],
});

export const callbacks = {
  /** @param {number | undefined} clicks */
  toggleTheme(clicks) {
    if (!clicks) return;
    const other = scheme() === "dark" ? "light" : "dark";
    memory.set(SCHEME, other);
    setShell("mantine", { forceColorScheme: other });
  },
};
