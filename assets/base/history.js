/* Changes of values that can be gone back to. */

const TOGETHER = 1200; // ms within which changes of one field are one change, as of a key that repeats

/** @typedef {ByName<Value>} Held */

/** @type {(values: Held) => string} */
const text = (values) => JSON.stringify(Object.entries(values).sort());

/** What was held before and after now. Who remembers and who goes back says how often a hand has
 * pressed anything: while it holds a slider that is one change, however slow the answers are. */
export class History {
  constructor() {
    /** @type {Held[]} */
    this.past = [];
    /** @type {Held[]} */
    this.future = [];
    /** @type {{ values: Held, changed?: string | null, at: number, touches?: number } | null} */
    this.now = null;
    /** What is being gone back to.
     * @type {{ values: Held, touches: number } | null} */
    this.wanted = null;
  }

  /** Values are held: what was before can be gone back to.
   * @param {Held} values
   * @param {string | undefined} changed the field, if a hand has changed one
   * @param {number} at in ms
   * @param {number} touches */
  remember(values, changed, at, touches) {
    const there = this.wanted && text(values) === text(this.wanted.values);
    if (this.wanted?.touches === touches && !there) return; // on the way
    this.wanted = null;
    if (there) this.now = { values, changed: null, at };
    const { now } = this;
    if (text(values) === text(now?.values ?? {})) return;
    const soon = at - (now?.at ?? -Infinity) < TOGETHER || touches === now?.touches;
    if (now && !(soon && changed && now.changed === changed)) this.past.push(now.values);
    this.future = [];
    this.now = { values, changed, at, touches };
  }

  /** The values of before, or null if there are none.
   * @param {number} touches */
  undo(touches) {
    return this.travel(this.past, this.future, touches);
  }

  /** The values that were gone back from, or null if there are none.
   * @param {number} touches */
  redo(touches) {
    return this.travel(this.future, this.past, touches);
  }

  /**
   * @param {Held[]} from
   * @param {Held[]} to
   * @param {number} touches */
  travel(from, to, touches) {
    const values = from.at(-1);
    if (!values || !this.now) return null;
    from.pop();
    to.push((this.wanted ?? this.now).values);
    this.wanted = { values, touches };
    return values;
  }
}
