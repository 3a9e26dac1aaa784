/* How a link frames the page: scene, present mode, hidden and locked controls, embed; and the
 * keys of what the browser remembers. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const SWITCHES = ["present", "lock", "embed"];
  const on = (text) => ["true", "1", "yes", "on", "t", "y"].includes(text?.toLowerCase());

  const given = new URLSearchParams(location.search);
  const frame = (eos.frame = {
    scene: /^[0-9]{1,3}$/.test(given.get("scene")) ? Number(given.get("scene")) : 0,
    deck: /^([0-9a-f]{12}|\/(?!\/)\S{1,199})$/.test(given.get("deck")) ? given.get("deck") : "",
    hide: (given.get("hide") ?? "").split(",").filter((name) => /^[a-z_]+$/.test(name)),
    ...Object.fromEntries(SWITCHES.map((name) => [name, on(given.get(name))])),
  });

  /** Whether the link names a scene and nothing else. */
  eos.sceneOnly = frame.scene > 0 && [...given.keys()].every((name) => name in frame);

  // Hidden from the first paint on; they stay in the document, and their values in the query.
  const rules = document.createElement("style");
  rules.textContent = frame.hide.map((name) => `.eos-field-${name}{display:none!important}`).join(
    "",
  );
  document.head.append(rules);
  // So is the place of a scene, and its result until it is known whether that is to be predicted.
  if (frame.scene) document.body.classList.add("eos-has-scene", "eos-waiting");
  for (const name of SWITCHES) document.body.classList.toggle(`eos-${name}`, frame[name]);

  /** The part of a link that frames the page, as a query. */
  eos.framing = function ({ scene, hide, present, lock, embed } = frame) {
    const pairs = {
      scene: scene || "",
      deck: scene ? frame.deck : "",
      hide: hide.join(","),
      present,
      lock,
      embed,
    };
    return Object.fromEntries(Object.entries(pairs).filter(([, value]) => value));
  };

  /** Switch present mode on or off. */
  eos.present = function (yes = !frame.present) {
    frame.present = yes;
    document.body.classList.toggle("eos-present", yes);
    document.body.classList.remove("eos-controls");
    if (eos.page().shown?.()?.start) eos.address();
    eos.page().draw?.();
    eos.announce(yes ? "Present mode. P leaves it." : "Present mode left.");
  };

  /** Set what a component of the page shows. One whose page was left meanwhile is none of Dash's
   * any more, and setting it would be an error. */
  eos.setProps = function (target, values) {
    const id = typeof target === "string"
      ? target
      : JSON.stringify(target, Object.keys(target).sort());
    if (document.getElementById(id)) window.dash_clientside.set_props(target, values);
  };

  /** Parameters as they stand in a link; the marks of lists stand for themselves, and so are short. */
  eos.search = (pairs) =>
    new URLSearchParams(pairs).toString().replaceAll("%2C", ",").replaceAll("%3A", ":");

  // In an iframe whose sandbox takes its origin away, the page may not ask its own server for anything.
  if (self.origin === "null") {
    const words =
      "eosdash cannot run here: the sandbox of this iframe needs allow-same-origin beside allow-scripts.";
    const tell = () => {
      const said = Object.assign(document.createElement("p"), {
        className: "eos-sandboxed",
        textContent: words,
      });
      said.setAttribute("role", "alert");
      document.body.prepend(said);
    };
    if (document.body) tell();
    else document.addEventListener("DOMContentLoaded", tell);
  }

  /** The path under which everything lies; empty at the top. */
  eos.base = document.documentElement.dataset.base;

  /** Go to an address of the app without loading it anew. */
  eos.visit = function (href) {
    // With href, or Dash takes the one that it saw last for an address to go to.
    const { pathname, search, href: whole } = new URL(href, location.href);
    window.dash_clientside.set_props("location", { pathname, search, href: whole });
  };

  /** What the browser keeps for the next visit; nothing, where storage is forbidden to it, as in
   * an iframe of another site. */
  eos.memory = {
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

  let last = 0;
  const PAUSE = 1500; // ms: a screen reader has to be able to follow
  /** Say something to whoever does not see the page; progress no more often than they can hear. */
  eos.announce = function (words, { progress = false } = {}) {
    const now = performance.now();
    if (progress && now - last < PAUSE) return;
    last = now;
    document.getElementById("announce").textContent = words;
  };
})(window.eosdash);
