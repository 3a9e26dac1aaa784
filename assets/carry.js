/* What one page hands to the others: whatever its link and its hands have told. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const FIELDS = JSON.parse(document.documentElement.dataset.fields); // by page, what its link may name

  /** Whether a field is of what all pages share: the network, its data, its start and η. */
  eos.isShared = (name) => Boolean(eos.rule(name)?.shared);
  /** Whether every page has it; runs alone have momentum and mini-batches. */
  const isOfAll = (name) =>
    eos.isShared(name) && Object.values(FIELDS).every((names) => names.includes(name));
  /** The part of a query that every page has. */
  eos.network = (query) =>
    Object.fromEntries(Object.entries(query).filter(([name]) => isOfAll(name)));

  const VARIED = ["lr", "init_scale", "depth", "width"]; // may be an axis, and then stand in no query
  const told = {}; // by links and hands, on all pages of this visit

  /** What this page was told: its network, and what else is not as it would be by itself. */
  function learn({ query, fitting = {} }) {
    const axes = Object.fromEntries(VARIED.filter(eos.rule).map((name) => [name, eos.value(name)]));
    const shown = { ...axes, ...query, ...eos.state.view };
    const { cursor } = eos.page();
    if (cursor) shown[cursor] = eos.value(cursor);
    for (const name of eos.names()) {
      const usual = String(shown[name]) === String(fitting[name] ?? eos.rule(name).default);
      if (name in shown && eos.written(shown[name]) && (isOfAll(name) || !usual))
        told[name] = shown[name];
      else delete told[name];
    }
    if (eos.written(told.hidden)) delete told.width;
  }

  /** The links to the other pages take along whatever those have too. */
  function carry() {
    const { start } = eos.page().shown() ?? {};
    if (start) learn(start);
    for (const page of Object.keys(eos.pages)) {
      const path = `${eos.base}/${page === "run" ? "" : page}`;
      const there = eos.pages[page].api; // the deck has neither a network nor a scene beside it
      // On a map whose starts still move when the steps are spent, the loss says more than the outcome.
      const looks = page === "basin" && ![undefined, "linear"].includes(told.activation)
        ? { color: "loss" }
        : {};
      const theirs = Object.entries(told).filter(([name]) => FIELDS[page]?.includes(name));
      const pairs = there
        ? { ...looks, ...Object.fromEntries(theirs), ...eos.framing() }
        : eos.framing({ ...eos.frame, scene: 0 });
      const search = eos.search(pairs);
      const bare = location.pathname === path || !search;
      eos.setProps(`nav-${page}`, { href: bare ? path : `${path}?${search}` });
    }
  }
  for (const kind of ["pointerover", "focusin"])
    document.addEventListener(kind, ({ target }) => target.closest?.(".eos-nav") && carry());
})(window.eosdash);
