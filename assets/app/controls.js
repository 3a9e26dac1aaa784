/* Callbacks of the controls. */

import { $ } from "../base/dom.js";
import { context, skip } from "./dash.js";
import { element, forgetFields, lockFields, showFields } from "./fields.js";
import { fitting } from "./fitting.js";
import { showLearningRate } from "./learning_rate.js";
import { showAddress } from "./link.js";
import { forgetNumbers, isUnread, meant } from "./numbers.js";
import { currentPage } from "./pages.js";
import { abandon, request } from "./request.js";
import { isView, isWritten, ruleOf, takeRules } from "./rules.js";
import { forgetChanges, rememberValues } from "./undo.js";
import {
  ask,
  because,
  forgetValues,
  moveField,
  query,
  queryAwaited,
  setField,
  setFields,
  takeInputs,
  takeView,
  undoEchoes,
  valuesNow,
} from "./values.js";

/** All fields that a callback is about: several may have been set at once.
 * @type {() => string[]} */
const changedNames = () =>
  context().triggered.map((/** @type {{ prop_id: string }} */ { prop_id }) =>
    JSON.parse(prop_id.slice(0, prop_id.lastIndexOf("."))).name
  );

/** Fields that say what another says too, or that it is about: that one is emptied.
 * @type {ByName<string>} */
const STANDS_FOR = { depth: "hidden", width: "hidden", plane: "extent" };

export const callbacks = {
  /** Slider and number of a field show the same value.
   * @param {number} slider
   * @param {string} number
   * @param {ByName<Rule>} rulesNow */
  couple(slider, number, rulesNow) {
    const [first] = context().inputs_list;
    const { log } = rulesNow[first.id.name];
    const triggered = context().triggered_id;
    if (!triggered) return [skip(), skip()];
    if (triggered.type === "slider") {
      const value = log ? Number((10 ** slider).toPrecision(4)) : slider;
      const turned = Math.abs(value - valuesNow()[triggered.name]) > 1e-3 * Math.abs(value);
      moveField(triggered.name, value);
      if (turned) fitting.changed([triggered.name], valuesNow());
      if (triggered.name === currentPage().cursor) return [String(value), skip()];
      if (!isWritten(valuesNow().hidden)) ask(triggered.name); // sooner than by way of the number
      return [String(value), skip()];
    }
    const value = meant(first.id.name, number);
    if (typeof value !== "number" || (log && value <= 0)) return [skip(), skip()];
    return [skip(), log ? Math.log10(value) : value];
  },

  /** Some value changed: show what applies, and draw again or ask for another run.
   * @param {unknown} _values
   * @param {unknown} _checked
   * @param {ByName<Rule>} rulesNow */
  changed(_values, _checked, rulesNow) {
    const fresh = takeRules(rulesNow);
    if (fresh) {
      forgetValues();
      forgetFields();
      abandon();
      forgetChanges();
      forgetNumbers();
    }
    takeInputs(context().inputs_list);
    const values = valuesNow();
    const all = changedNames();
    const echoes = undoEchoes(all);
    const names = all.filter((name) => !isUnread(name) && !echoes.includes(name));
    if (all.length && !names.length) return skip();
    if (fresh) {
      fitting.begin(new URLSearchParams(location.search), values);
      lockFields();
    }
    if (!fresh && !queryAwaited()) fitting.changed(names, values);
    const changed = names.find((name) => !isView(name)) ?? names[0];
    showFields(values);
    takeView();
    if (changed && isView(changed)) {
      if (currentPage().shown()?.start) showAddress();
      currentPage().draw();
      return skip();
    }
    if (changed && changed === currentPage().cursor) {
      showLearningRate(currentPage().shown()?.start);
      if (currentPage().shown()?.start) showAddress();
      rememberValues(changed);
      currentPage().moved?.();
      return skip();
    }
    const awaited = queryAwaited();
    const byItself = !awaited ||
      new URLSearchParams(awaited).get(changed) !== String(values[changed]);
    const usual = changed === "task" && byItself && ruleOf("task").usual[values.task];
    if (usual && document.activeElement === element("param", "task")) {
      because(changed);
      setFields({ ...usual, task: values.task }, "example");
      return skip();
    }
    const [other] = byItself
      ? names.map((name) => STANDS_FOR[name]).filter((name) => isWritten(values[name]))
      : [];
    if (other && !fresh) {
      because(changed);
      setField(other, "");
      return skip();
    }
    return ask(changed) ?? skip();
  },

  /** @param {number | undefined} clicks */
  reset(clicks) {
    if (clicks) request(query(), "reset");
  },

  /** @param {number | undefined} clicks */
  newSeed(clicks) {
    if (!clicks) return;
    if (!ruleOf("seed")) return;
    if (valuesNow().init !== "gaussian") setField("init", "gaussian");
    setField("seed", Math.floor(Math.random() * 100000));
  },

  /** @param {number | undefined} clicks */
  drawer(clicks) {
    if (!clicks) return;
    const open = document.body.classList.toggle("eos-drawer-open");
    $("drawer").setAttribute("aria-expanded", String(open));
  },
};
