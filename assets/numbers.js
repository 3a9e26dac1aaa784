/* Numbers as people type and paste them: what is meant, or words; never another number. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const MINUS = /[\u2010-\u2013\u2212\uFE63\uFF0D]/g;
  const PARTS = /^([+-]?)([\d.,'’\u00A0\u2009\u202F]+)(?:e([+-]?\d+))?$/i;

  /* How the digits of a number may be grouped and pointed, and what each form is in plain ones.
   * A comma before three digits, of one to three and no leading zero, separates thousands. */
  const POINTED = /^(\d+\.?\d*|\.\d+)$/;
  const COMMAS = /^(?=[1-9])\d{1,3}(,\d{3})+(\.\d*)?$/;
  const DECIMAL_COMMA = /^(\d+,\d*|,\d+)$/;
  const POINTS = /^(?=[1-9])\d{1,3}((\.\d{3})+,\d*|(\.\d{3}){2,})$/;
  const SPACES = /^(?=[1-9])\d{1,3}(?:(['’\u00A0\u2009\u202F])\d{3}(?:\1\d{3})*)([.,]\d*)?$/;

  function plain(digits, power) {
    if (POINTED.test(digits)) return digits;
    if (COMMAS.test(digits) && !power) return digits.replaceAll(",", "");
    if (DECIMAL_COMMA.test(digits) && !COMMAS.test(digits)) return digits.replace(",", ".");
    if (POINTS.test(digits) && !power) return digits.replaceAll(".", "").replace(",", ".");
    if (SPACES.test(digits) && !power) return digits.replace(/['’\s]/g, "").replace(",", ".");
    throw new Error(`“${digits}” can be read in several ways: write one point and no other mark`);
  }

  /** The number that a text means, or an error that says why it is none. */
  eos.number = function (text, whole = false) {
    const given = String(text ?? "").trim();
    if (!given) throw new Error("A number is needed here");
    const parts = given.replace(MINUS, "-").replace(/^([+-])\s+/, "$1").match(PARTS);
    if (!parts) throw new Error(`“${given}” is not a number`);
    const [, sign, digits, power = ""] = parts;
    const read = plain(digits, power);
    const value = Number(`${sign}${read}${power && `e${power}`}`);
    if (!Number.isFinite(value)) throw new Error(`“${given}” is too large`);
    if (value === 0 && /[1-9]/.test(read)) throw new Error(`“${given}” is too close to 0`);
    if (whole && !Number.isSafeInteger(value)) throw new Error(`“${given}” is not a whole number`);
    return value + 0; // not −0
  };

  /** A value as a field holds it: of a field of numbers the number, where it is one. */
  eos.meant = function (name, value) {
    const { number } = eos.rule(name) ?? {};
    if (!number || typeof value === "number") return value;
    try {
      return eos.number(value, number === "whole");
    } catch {
      return value;
    }
  };

  const typed = new Set(); // fields whose texts are not those that were set or drawn
  const stepped = new Map(); // where fields are on the way to, by steps, and what holds meanwhile
  const unread = new Map(); // texts of fields that are no numbers: there the last value holds
  eos.unread = (name) => unread.has(name);

  /** Put numbers for the texts of fields; for one that is none the value of before, with words
   * beside it. The names of those that are read again. */
  eos.readNumbers = function (found, before) {
    const again = [];
    for (const [name, text] of Object.entries(found)) {
      if (!eos.rule(name)?.number) continue;
      try {
        found[name] = eos.number(text, eos.rule(name).number === "whole");
        if (unread.delete(name)) again.push(name);
        if (String(stepped.get(name)?.value) === String(found[name])) stepped.delete(name); // it has arrived
      } catch ({ message }) {
        found[name] = before[name];
        if (unread.get(name) !== text) refuse(name, `${message}. It is still ${before[name]}.`);
        unread.set(name, text);
      }
    }
    for (const name of again) refuse(name, null);
    return again;
  };
  const refuse = (name, error) => eos.setProps({ type: "param", name }, { error });
  /** Another page has fields of its own. */
  eos.forgetNumbers = () => [typed, stepped, unread].forEach((fields) => fields.clear());

  /* Hands: arrows step by one, and a field that is left shows what was read from it */

  const SELECTOR = ".eos-number input";
  const named = (input) => JSON.parse(input.id).name;

  /** What a step goes on from: what was typed, or where the last one led, which React may draw only
   * after the next click, and until then draws again what held before. */
  function stepsFrom(input, name, held) {
    if (typed.delete(name)) return eos.meant(name, input.value);
    const last = stepped.get(name);
    return last && String(last.held) === String(held) ? last.value : Number(held);
  }

  function step(input, by) {
    const name = named(input);
    if (input.disabled) return;
    const { min = -Infinity, max = Infinity } = input.dataset;
    const held = eos.value(name);
    const from = stepsFrom(input, name, held);
    const wanted = typeof from === "number" ? Number((from + by).toPrecision(15)) : Number(held);
    const value = eos.set(name, Math.min(Number(max), Math.max(Number(min), wanted)));
    if (value === undefined) return;
    stepped.set(name, { value, held });
    input.value = value; // shown at once
  }
  document.addEventListener("input", ({ target }) => {
    if (target.matches?.(SELECTOR)) typed.add(named(target));
  });

  const BY = { ArrowUp: 1, ArrowDown: -1 };
  document.addEventListener("keydown", (event) => {
    if (
      !event.target.matches?.(SELECTOR) || !BY[event.key] || event.altKey || event.ctrlKey ||
      event.metaKey
    ) return;
    event.preventDefault();
    step(event.target, BY[event.key]);
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-step]");
    if (button)
      step(button.closest(".eos-number").querySelector("input"), Number(button.dataset.step));
  });
  document.addEventListener("focusout", ({ target }) => {
    if (!target.matches?.(SELECTOR)) return;
    const value = eos.meant(named(target), target.value);
    if (typeof value === "number" && String(value) !== target.value) eos.set(named(target), value);
  });
})(window.eosdash);
