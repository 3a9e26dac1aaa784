/* Fields that follow the network until they are set: the learning rate, the scale of the start, and
 * the sizes of maps and sweeps. With another network they are left out of the query, and the answer
 * says what suits. */

import { currentPage } from "./pages.js";
import { fieldNames, isShared, ruleOf } from "./rules.js";

const START = ["init_scaling", "init_scale", "lr"];
const NETWORK = ["task", "activation", "loss", "depth", "width", "hidden", "over", "units"];
/** @type {string[]} */
let fitted = []; // names, by the rules of the page
/** @type {ByName<string | false>} */
let given = {}; // by what: a hand, the link, or an example that came with its network
/** @type {ByName<string>} */
let own = {}; // what the page itself wrote, as texts
/** @type {ByName<Value>} */
let suited = {}; // what suits the network that is shown
/** @type {(name: string, value: Value) => boolean} */
const fits = (name, value) => String(value) === String(suited[name]);

export const fitting = {
  /** The fields are those of a link, or of the first visit, which is an example.
   * @param {URLSearchParams} search
   * @param {ByName<Value>} values */
  begin(search, values) {
    const linked = [...search.keys()].some((name) =>
      isShared(name) && name !== currentPage().cursor
    );
    fitted = fieldNames().filter((name) => ruleOf(name).fitted);
    /** @type {(name: string) => string | false} */
    const by = (name) => (linked ? search.has(name) && "link" : "example");
    given = Object.fromEntries(fitted.map((name) => [name, by(name)]));
    own = Object.fromEntries(fitted.map((name) => [name, String(values[name])]));
    suited = {};
  },

  /** Whether a field has to be said.
   * @param {string} name */
  says: (name) => !fitted.includes(name) || Boolean(given[name]),

  /** Fields are about to be set together, to ``values``: as by a link, or as an example, which
   * leaves alone what a hand has set.
   * @param {ByName<Value>} values */
  set(values, by = "link") {
    /** @param {string} name */
    const kept = (name) => by === "example" && given[name] === "hand";
    const taken = Object.fromEntries(Object.entries(values).filter(([name]) => !kept(name)));
    for (const name of fitted.filter((name) => name in taken)) {
      given[name] = by;
      own = { ...own, [name]: String(taken[name]) };
    }
    return taken;
  },

  /** Some fields have other values. Another network keeps what a hand has set, and what a link
   * has, unless it was what suited; another task of that the sizes alone. What was adapted was
   * so for the network before.
   * @param {string[]} names
   * @param {ByName<Value>} values */
  changed(names, values) {
    for (const name of fitted.filter((name) => names.includes(name)))
      if (String(values[name]) !== own[name]) given[name] = "hand";
    if (!names.some((name) => NETWORK.includes(name))) return;
    const anew = names.includes("task");
    for (const name of fitted) {
      const meant = !anew || !START.includes(name);
      const linked = given[name] === "link" && meant && !fits(name, values[name]);
      if (given[name] !== "hand" && !linked) given[name] = false;
    }
  },

  /** An answer says what suits: written into the fields that were left out, which it holds for
   * until the network is another one. The names of those that held something else.
   * @param {Line} start
   * @param {ByName<Value>} values
   * @param {(name: string, value: Value) => void} write */
  take(start, values, write) {
    suited = start.fitting ?? {};
    const others = [];
    for (const name of fitted) {
      if (given[name] || !(name in suited)) continue;
      given[name] = "link";
      own = { ...own, [name]: String(suited[name]) };
      if (fits(name, values[name])) continue;
      others.push(name);
      write(name, suited[name]);
    }
    return others;
  },
};
