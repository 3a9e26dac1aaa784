/* The controls: the query they make, the address bar, errors beside fields, the header. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const id = (type, name) => ({ type, name });
  const element = (type, name) => document.getElementById(`{"name":"${name}","type":"${type}"}`);
  const props = (target, values) => eos.setProps(target, values);
  const coloured = (scheme) =>
    window.dash_clientside.set_props("mantine", { forceColorScheme: scheme });
  const skip = () => window.dash_clientside.no_update;
  const context = () => window.dash_clientside.callback_context;

  const SCHEME = "scheme";
  eos.restoreScheme = () => {
    const saved = eos.memory.get(SCHEME);
    if (saved) coloured(saved);
  };

  let rules = {};
  let values = {};
  let rejected = new Set();
  let asked = null; // a slider that is given new ends echoes its value, which is no new question

  const ECHO = 1200; // ms after it has taken over a value in which an input may still repeat what it held before
  const MOST_ECHOES = 4;
  const MOST_LOOKS = 10;
  const intents = {}; // what fields were set to: {value, echoes, over: a timer, once it has been taken over}
  const locked = (name) => eos.frame.lock && !isView(name) && name !== eos.page().cursor;
  const write = (name, value) =>
    props(
      id("param", name),
      typeof value === "boolean" ? { checked: value } : { value: String(value ?? "") },
    );
  /** Set a field, as a hand on its control would, to the value that comes back; a locked one stays
   * as it is, and nothing comes back. */
  eos.set = (name, given) => {
    if (locked(name))
      return void eos.toast("This link is locked: its parameters can be seen, but not changed.");
    const value = eos.meant(name, given);
    intend(name, value);
    write(name, value);
    return value;
  };
  function intend(name, value) {
    clearTimeout(intents[name]?.over);
    intents[name] = { value, echoes: 0 };
  }
  function forgetIntent(name) {
    clearTimeout(intents[name]?.over);
    delete intents[name];
  }
  /** What a field was set to, until it has settled there, while no hand is on its control. */
  function intended(name) {
    if (document.activeElement === element("param", name)) forgetIntent(name);
    return intents[name];
  }
  /** A hand that takes hold of a control, with a pointer or a key, ends that. */
  for (const kind of ["pointerdown", "click", "keydown", "input"])
    document.addEventListener(kind, ({ target, key = "Pointer" }) => {
      const field = target.closest?.(".eos-field");
      if (field && key.length > 1) forgetIntent(JSON.parse(field.id).name);
    }, true);
  /** An input that waits for the hand to rest repeats its last value late, even when it has been
   * set to another since. Such an echo is undone; the names of those fields, of all that say
   * something. What has not taken over its value yet, is as good as there. How late an echo comes is
   * told by timers alone, which a slow page runs in the order of its input's own, and not by the clock. */
  function undoEchoes(said) {
    const undone = [];
    for (const name of Object.keys(intents)) {
      const intent = intended(name);
      if (!intent) continue;
      if (String(values[name]) === String(intent.value)) {
        clearTimeout(intent.over);
        intent.over = setTimeout(forgetIntent, ECHO, name);
        continue;
      }
      if (said.includes(name)) {
        if (intent.echoes++ === MOST_ECHOES) {
          forgetIntent(name); // the control takes another value for it
          continue;
        }
        write(name, intent.value);
        undone.push(name);
      }
      values[name] = intent.value;
    }
    return undone;
  }
  /** What a field holds, or is about to: a key that repeats goes on from what it has set. */
  eos.value = (name) => (intended(name) ?? { value: values[name] }).value;
  eos.rule = (name) => rules[name];
  eos.names = () => Object.keys(rules);
  /** The last answer has begun: fields that were left out show what suits, and are said again.
   * What of the size of the picture is another now, in words. */
  eos.fit = ({ start, query: of }) => {
    if (of !== asked) return "";
    const before = { ...values };
    const others = eos.fitting.take(start, values, (name, value) => {
      intend(name, values[name] = value);
      write(name, value);
    });
    asked = query();
    const sizes = others.filter((name) => !["start", "step"].includes(rules[name].group));
    const words = sizes.map((name) =>
      `${rules[name].label.toLowerCase()} ${values[name]} instead of ${before[name]}`
    );
    return words.length ? `Fitted: ${words.join(", ")}.` : "";
  };
  /** What the controls say now can be gone back to. */
  eos.remembers = (changed) => {
    const computed = Object.entries(values).filter(([name]) => !isView(name));
    eos.remember(Object.fromEntries(computed), changed);
  };
  /** Nothing that is computed can be changed by who opens a locked link. */
  eos.lock = () => {
    if (!eos.frame.lock) return;
    for (const name of Object.keys(rules).filter((name) => !isView(name)))
      for (const kind of ["param", "slider"])
        if (element(kind, name)) props(id(kind, name), { disabled: true });
    for (const button of ["reset", "new-seed"]) props(button, { disabled: true });
  };
  /** Switch a field off, with the reason, or on again. */
  eos.disable = (name, reason) => {
    const field = element("field", name);
    if (!field || field.reason === reason) return;
    field.help ??= field.title;
    field.reason = reason;
    field.title = reason ?? field.help;
    props(id("param", name), { disabled: Boolean(reason) });
  };
  /** Say what is wrong beside a field; what that is called, if it is there to be seen. */
  eos.reject = (error, words) => {
    eos.accept();
    rejected.add(error.field);
    const field = element("field", error.field);
    props(id("param", error.field), { error: words });
    field?.closest("details")?.setAttribute("open", "");
    return field?.checkVisibility({ visibilityProperty: true })
      ? field.querySelector("label, legend")?.textContent
      : null;
  };
  eos.accept = (changed) => {
    // What a link got wrong is said by the server, and so is not in the list.
    if (element("field", changed)?.querySelector(".mantine-InputWrapper-error"))
      rejected.add(changed);
    for (const name of rejected) if (!eos.unread(name)) props(id("param", name), { error: null });
    rejected = new Set();
  };

  /** Whether a field says anything. */
  const written = (eos.written = (value) => value !== null && value !== undefined && value !== "");
  const isView = (name) => rules[name]?.group === "view";

  function read(inputs) {
    const found = {};
    for (const list of inputs)
      for (const { id, value } of list) if (value !== undefined) found[id.name] = value;
    if (eos.readNumbers(found, values).some((name) => rejected.has(name))) asked = null; // say it again
    return found;
  }

  function query(all = values) {
    const { cursor } = eos.page();
    const pairs = Object.entries(all).filter(
      ([name, value]) =>
        !isView(name) && name !== cursor && written(value) && eos.fitting.says(name),
    );
    return eos.search(pairs);
  }

  const NOTHING = ["", "None"]; // how a field says that it is empty by default
  let awaited = null; // the query that several fields are together being set to
  let cause = null; // the field whose change made the page set others
  /** Set several fields, and ask once when all have taken over; the query that it will be. */
  eos.setAll = function (wanted, by) {
    const known = Object.entries(eos.fitting.set(wanted, by)).filter(([name]) => name in values);
    const typed = known.map((
      [name, value],
    ) => [
      name,
      typeof values[name] === "boolean" ? String(value) === "true" : eos.meant(name, value),
    ]);
    const changes = typed.filter(([name, value]) =>
      eos.unread(name) || String(values[name] ?? "") !== String(value)
    );
    awaited = query({ ...values, ...Object.fromEntries(typed) });
    const mine = awaited;
    for (const [name, value] of changes) eos.set(name, value);
    const settle = (looks) => {
      if (awaited !== mine) return;
      const moving = changes.some(([name]) => intents[name] && !intents[name].over);
      if (moving && looks < MOST_LOOKS) return setTimeout(settle, ECHO, looks + 1);
      awaited = null; // written otherwise by a control: ask for what is there
      ask();
    };
    setTimeout(settle, changes.length ? ECHO : 0, 0);
    return mine;
  };
  /** When all have taken over: a page must not be left before, Dash would look for its controls. */
  eos.settled = async function () {
    while (awaited) await new Promise(requestAnimationFrame);
  };
  /** The state of a link, in place: what it does not name of the view is as by default, and what
   * links leave out where it is empty, such as hidden widths, is empty. */
  eos.setState = function (search) {
    eos.fitting.begin(new URLSearchParams(search), rules, values);
    const told = ([, rule]) => ["view", "measured"].includes(rule.group) || NOTHING.includes(rule.default);
    const value = (text) => (NOTHING.includes(text) ? "" : text);
    const defaults = Object.fromEntries(
      Object.entries(rules).filter(told).map(([name, rule]) => [name, value(rule.default)]),
    );
    eos.setAll({ ...defaults, ...Object.fromEntries(new URLSearchParams(search)) });
  };

  /** Ask for the run of the values, unless it was the last one asked for. */
  function ask(changed) {
    const next = query();
    if (awaited && next !== awaited) return null; // on the way to it
    awaited = null;
    if (next === asked && !rejected.size) return null;
    eos.request(asked = next, cause ?? changed);
    cause = null;
    return next;
  }

  /** The link of what is shown: the canonical parameter set, whatever view is not default, and
   * what frames the page. */
  eos.link = function (framing) {
    const search = new URLSearchParams(eos.page().shown()?.start?.query ?? {});
    const { cursor } = eos.page();
    if (cursor && written(values[cursor])) search.set(cursor, values[cursor]);
    for (const [name, value] of Object.entries(eos.state.view))
      if (String(value) !== String(rules[name].default)) search.set(name, value);
    for (const [name, value] of Object.entries(eos.framing(framing))) search.set(name, value);
    const fragment = eos.decks.fragment((framing ?? eos.frame).scene);
    return `${location.origin}${location.pathname}?${eos.search(search)}${fragment}`;
  };
  eos.address = () => {
    history.replaceState(history.state, "", eos.link());
    const free = eos.link({ scene: 0, hide: [] });
    for (const copy of document.querySelectorAll(".eos-open, .eos-locked a")) copy.href = free;
  };

  let widthNote = null; // beside a width that other ones stand in for
  function show() {
    for (const [name, rule] of Object.entries(rules)) {
      const applies = Object.entries(rule.when).every(([other, among]) =>
        among.includes(values[other])
      );
      element("field", name)?.classList.toggle("eos-hidden", !applies);
    }
    const given = written(values.hidden)
      ? `not used: the hidden widths are ${values.hidden}`
      : null;
    if (given !== widthNote) props(id("param", "width"), { description: widthNote = given });
    for (const group of document.querySelectorAll(".eos-group"))
      group.classList.toggle("eos-hidden", [...group.children].every(isGone));
  }

  /** All fields that a callback is about: several may have been set at once. */
  const changedNames = () =>
    context().triggered.map(({ prop_id }) =>
      JSON.parse(prop_id.slice(0, prop_id.lastIndexOf("."))).name
    );

  const isGone = (part) =>
    part.tagName === "H2" ||
    !part.getClientRects().length && getComputedStyle(part).display === "none";

  /* Fields that say what another says too, or that it is about: that one is emptied. */
  const STANDS_FOR = { depth: "hidden", width: "hidden", plane: "extent" };

  const clientside = {
    /** Slider and number of a field show the same value. */
    couple(slider, number, rulesNow) {
      const [first] = context().inputs_list;
      const { log } = rulesNow[first.id.name];
      const triggered = context().triggered_id;
      if (!triggered) return [skip(), skip()];
      if (triggered.type === "slider") {
        const value = log ? Number((10 ** slider).toPrecision(4)) : slider;
        const turned = Math.abs(value - values[triggered.name]) > 1e-3 * Math.abs(value);
        values[triggered.name] = value;
        intend(triggered.name, value);
        if (turned) eos.fitting.changed([triggered.name], values);
        if (triggered.name === eos.page().cursor) return [String(value), skip()];
        if (!written(values.hidden)) ask(triggered.name); // sooner than by way of the number
        return [String(value), skip()];
      }
      const value = eos.meant(first.id.name, number);
      if (typeof value !== "number" || (log && value <= 0)) return [skip(), skip()];
      return [skip(), log ? Math.log10(value) : value];
    },

    /** Some value changed: show what applies, and draw again or ask for another run. */
    changed(_values, _checked, rulesNow) {
      const fresh = rules !== rulesNow;
      if (fresh) {
        asked = awaited = widthNote = null; // another page, with controls of its own
        Object.keys(intents).forEach(forgetIntent);
        eos.abandon();
        eos.forget();
        eos.forgetNumbers();
      }
      rules = rulesNow;
      values = read(context().inputs_list);
      const all = changedNames();
      const echoes = undoEchoes(all);
      const names = all.filter((name) => !eos.unread(name) && !echoes.includes(name));
      if (all.length && !names.length) return skip();
      if (fresh) {
        eos.fitting.begin(new URLSearchParams(location.search), rules, values);
        eos.lock();
      }
      if (!fresh && !awaited) eos.fitting.changed(names, values);
      const changed = names.find((name) => !isView(name)) ?? names[0];
      show();
      const view = Object.entries(values).filter(([name]) => isView(name));
      eos.state.view = Object.fromEntries(view);
      if (changed && isView(changed)) {
        if (eos.page().shown()?.start) eos.address();
        eos.page().draw();
        return skip();
      }
      if (changed && changed === eos.page().cursor) {
        eos.learningRate(eos.page().shown()?.start);
        if (eos.page().shown()?.start) eos.address();
        eos.remembers(changed);
        eos.page().moved();
        return skip();
      }
      const byItself = !awaited ||
        new URLSearchParams(awaited).get(changed) !== String(values[changed]);
      const usual = changed === "task" && byItself && rules.task.usual[values.task];
      if (usual && document.activeElement === element("param", "task")) {
        cause = changed;
        eos.setAll({ ...usual, task: values.task }, "example");
        return skip();
      }
      const [other] = byItself
        ? names.map((name) => STANDS_FOR[name]).filter((name) => written(values[name]))
        : [];
      if (other && !fresh) {
        cause = changed;
        eos.set(other, "");
        return skip();
      }
      return ask(changed) ?? skip();
    },

    reset(clicks) {
      if (clicks) eos.request(query(), "reset");
    },

    newSeed(clicks) {
      if (!clicks) return;
      if (!("seed" in rules)) return;
      if (values.init !== "gaussian") eos.set("init", "gaussian");
      eos.set("seed", Math.floor(Math.random() * 100000));
    },

    toggleTheme(clicks) {
      if (!clicks) return;
      const scheme = eos.scheme() === "dark" ? "light" : "dark";
      eos.memory.set(SCHEME, scheme);
      coloured(scheme);
    },

    drawer(clicks) {
      if (!clicks) return;
      const open = document.body.classList.toggle("eos-drawer-open");
      document.getElementById("drawer").setAttribute("aria-expanded", String(open));
    },
  };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.eosdash = Object.assign(
    window.dash_clientside.eosdash ?? {},
    clientside,
  );
})(window.eosdash);
