import { deepEqual, equal } from "node:assert/strict";
import { History } from "../../assets/base/history.js";
import { Intents } from "../../assets/base/intents.js";

const later = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/** Intents, the values of fields, and what is written into their inputs. */
function fields(echo = 5) {
  const intents = new Intents(echo);
  /** @type {ByName<Value>} */
  const values = { lr: 0.1, depth: 2 };
  /** @type {[string, Value][]} */
  const written = [];
  /** @param {string[]} said */
  const hear = (...said) =>
    intents.undoEchoes(said, values, (name, value) => written.push([name, value]));
  return { intents, values, written, hear };
}

Deno.test("a field that was set holds it before its input has taken it over", () => {
  const { intents, values, hear } = fields();
  intents.set("lr", 0.3);
  equal(intents.isMoving("lr"), true);
  deepEqual(hear("depth"), []);
  equal(values.lr, 0.3);
});

Deno.test("what an input repeats late is undone", () => {
  const { intents, values, written, hear } = fields(1000);
  intents.set("lr", 0.3);
  values.lr = 0.3; // it has taken it over
  deepEqual(hear("lr"), []);
  equal(intents.isMoving("lr"), false);
  values.lr = 0.2; // what it held before
  deepEqual(hear("lr"), ["lr"]);
  deepEqual(written, [["lr", 0.3]]);
  equal(values.lr, 0.3);
  intents.forget("lr");
});

Deno.test("an input that insists has its way", () => {
  const { intents, values, hear } = fields();
  intents.set("depth", 3);
  let undone = 0;
  for (let i = 0; i < 8; i++) {
    values.depth = 2;
    undone += hear("depth").length;
  }
  equal(undone, 4);
  equal(values.depth, 2);
  equal(intents.isMoving("depth"), false);
});

Deno.test("an echo that comes after its time is a change", async () => {
  const { intents, values, hear } = fields(1);
  intents.set("lr", 0.3);
  values.lr = 0.3;
  hear("lr");
  await later(20);
  values.lr = 0.2;
  deepEqual(hear("lr"), []);
  equal(values.lr, 0.2);
});

/** A history of depths, each of a touch and a second of its own. */
function changes(/** @type {number[]} */ ...depths) {
  const history = new History();
  depths.forEach((depth, i) => history.remember({ depth }, "depth", 10_000 * i, i));
  return history;
}

Deno.test("changes are gone back, and forth again", () => {
  const history = changes(2, 3, 4);
  deepEqual(history.undo(10), { depth: 3 });
  history.remember({ depth: 3 }, undefined, 50_000, 10);
  deepEqual(history.undo(11), { depth: 2 });
  history.remember({ depth: 2 }, undefined, 60_000, 11);
  equal(history.undo(12), null);
  deepEqual(history.redo(12), { depth: 3 });
});

Deno.test("two steps back in a row go back two", () => {
  const history = changes(2, 3, 4);
  deepEqual(history.undo(10), { depth: 3 });
  deepEqual(history.undo(10), { depth: 2 });
  history.remember({ depth: 3 }, undefined, 40_000, 10); // on the way
  history.remember({ depth: 2 }, undefined, 40_000, 10);
  deepEqual(history.redo(11), { depth: 3 });
});

Deno.test("a change leaves no way forth", () => {
  const history = changes(2, 3);
  history.undo(5);
  history.remember({ depth: 2 }, undefined, 30_000, 5);
  history.remember({ depth: 7 }, "depth", 40_000, 6);
  equal(history.redo(7), null);
  deepEqual(history.undo(7), { depth: 2 });
});

Deno.test("what a hand changes in one go is one change", () => {
  const history = new History();
  history.remember({ lr: 0.1 }, undefined, 0, 0);
  for (let i = 1; i < 9; i++) history.remember({ lr: 0.1 + i }, "lr", 5000 * i, 1);
  deepEqual(history.undo(2), { lr: 0.1 });
  equal(history.past.length, 0);
});
