/* Every entry of every menu of a page, found in the document: chosen one after the other, each with
 * what the page shows then. */
async () => {
  const { eosdash: eos } = window;
  const QUIET = 60; // ms without a request or a change of the document
  const DRAWN = 20_000; // ms in which the fields show what they hold
  const PATIENCE = 60_000; // ms for one entry, of which one is costly: η_C of the digits

  let open = 0;
  let last = 0;
  const fetched = window.fetch;
  window.fetch = async (...of) => {
    open += 1;
    try {
      return await fetched(...of);
    } finally {
      open -= 1;
      last = performance.now();
    }
  };
  new MutationObserver(() => (last = performance.now())).observe(document.body, { subtree: true, childList: true });

  const until = async (ready, patience = PATIENCE) => {
    const end = performance.now() + patience;
    while (!ready() && performance.now() < end) await new Promise((done) => setTimeout(done, 10));
    return ready();
  };
  const text = (id) => document.getElementById(id)?.textContent ?? "";
  const listed = (part) => document.getElementById(part.getAttribute("aria-controls"))?.querySelectorAll("[role=option]") ?? [];
  const within = (part, kind) => [...part.querySelectorAll(kind)];

  /* Kinds of menus: where they are, what is in one, and how an entry is chosen. */
  const KINDS = {
    "input[aria-haspopup=listbox]": {
      async entries(part) {
        await this.unfold(part);
        return [...listed(part)].map((option) => option.getAttribute("value"));
      },
      async unfold(part) {
        part.focus();
        if (!part.dataset.expanded) part.click();
        await until(() => listed(part).length);
      },
      async choose(part, entry) {
        await this.unfold(part);
        [...listed(part)].find((option) => option.getAttribute("value") === entry).click();
      },
    },
    "[role=radiogroup]": {
      entries: (part) => within(part, "input").map((input) => input.value),
      choose: (part, entry) => within(part, "input").find((input) => input.value === entry).click(),
    },
    "input[role=switch]": {
      entries: (part) => (part.checked ? ["false", "true"] : ["true", "false"]),
      choose: (part) => part.click(),
    },
  };

  const nameOf = ({ id }) => (id.startsWith("{") ? JSON.parse(id).name : id);
  const gone = (part) => part.disabled || part.closest(".eos-field.eos-hidden");

  const numbers = (query) =>
    Object.entries(query).filter(([name, value]) => {
      const input = document.getElementById(`{"name":"${name}","type":"param"}`);
      return input?.closest(".eos-number") && Number(input.value) !== Number(value);
    });

  /** What is wrong with what is shown. */
  function faults(result) {
    const { start, end } = result;
    const found = numbers(start.query).map(([name, value]) => `the field of ${name} does not hold ${value}`);
    if (text("problem")) found.push(text("problem"));
    if (document.body.classList.contains("eos-dimmed")) found.push("it is dimmed");
    if (end.summary && text("summary") !== end.summary.replaceAll("η_C", "ηC")) found.push("the title is of another");
    const { lr } = start.query;
    const threshold = eos.digits(start.edge.factor / lr, 4);
    if (lr && !text("lr-words").includes(` = ${threshold}`)) found.push(`${threshold} is not beside η`);
    return found;
  }

  const kept = (name, entry) => {
    const { query } = eos.page().shown().start;
    return !(name in query) || query[name] === entry;
  };
  /** Whether there is an answer to the choice of an entry, or to what was taken in its place. */
  function complete(name, entry) {
    const result = eos.page().shown();
    if (open || performance.now() - last < QUIET) return false;
    if (text("problem")) return true;
    return result?.end && result.drawn && (kept(name, entry) || text("adapted"));
  }

  const seen = new Map();
  const walked = [];
  async function next() {
    for (const [kind, how] of Object.entries(KINDS))
      for (const part of document.querySelectorAll(kind)) {
        const name = nameOf(part);
        if (gone(part)) continue;
        if (!seen.has(name)) seen.set(name, await how.entries(part));
        if (seen.get(name).length) return [how, part, name, seen.get(name).shift()];
      }
  }
  for (let step = await next(); step; step = await next()) {
    const [how, part, name, entry] = step;
    const began = (last = performance.now());
    eos.say("adapted", "");
    await how.choose(part, entry);
    const there = await until(() => complete(name, entry));
    await until(() => !there || !faults(eos.page().shown()).length, DRAWN);
    walked.push({
      name, entry, said: text("adapted"), kept: kept(name, entry), ms: Math.round(performance.now() - began),
      faults: there ? faults(eos.page().shown()) : ["it does not become complete"],
    });
  }
  return walked;
}
