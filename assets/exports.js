/* What is taken home: the link, the Python call, the data and the figure. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const ANIMATIONS = { gif: "/animation.gif", webp: "/animation.webp", frames: "/animation.npz" };

  const clientside = {
    copy() {
      const triggered = window.dash_clientside.callback_context.triggered_id;
      if (triggered === "copy-link") eos.copy(eos.linkShared(), "Link copied");
      const { start } = eos.page().shown() ?? {};
      if (triggered === "copy-python" && start)
        eos.copy(
          `import eosdash\n\n${eos.page().name} = ${start.python}\n`,
          "Python call copied",
        );
    },

    download() {
      const format = window.dash_clientside.callback_context.triggered_id?.split("-")[1];
      const page = eos.page();
      const { start } = page.shown() ?? {};
      if (!format || !start) return;
      const animated = ANIMATIONS[format];
      if (animated) eos.toast("The frames are computed; the file follows.");
      if (page.files.includes(format) || animated) {
        const anchor = document.createElement("a");
        const search = new URLSearchParams(start.query);
        if (animated) search.set("scheme", eos.scheme());
        anchor.href = `${eos.base}${page.api}${animated ?? `.${format}`}?${eos.search(search)}`;
        anchor.download = "";
        anchor.click();
      } else if (page.picture) eos.picture(format, page);
    },
  };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.eosdash = Object.assign(window.dash_clientside.eosdash ?? {}, clientside);
})(window.eosdash);
