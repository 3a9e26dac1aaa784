/* What fields were set to, until their inputs have taken it over. */

/* ms after it has taken over a value in which an input may still repeat what it held before. */
const ECHO = 1200;
const MOST_ECHOES = 4;

/** An input that waits for the hand to rest repeats its last value late, even when it has been set
 * to another since. How late such an echo comes is told by timers alone, which a slow page runs in
 * the order of its input's own, and not by the clock. */
export class Intents {
  /** @param {number} echo ms */
  constructor(echo = ECHO) {
    this.echo = echo;
    /** By name; ``over`` is a timer, once the value has been taken over.
     * @type {Map<string, { value: Value, echoes: number, over?: Timer }>} */
    this.all = new Map();
  }

  /** Hold on to what a field was set to.
   * @param {string} name
   * @param {Value} value */
  set(name, value) {
    this.forget(name);
    this.all.set(name, { value, echoes: 0 });
  }

  /** @param {string} name */
  forget(name) {
    clearTimeout(this.all.get(name)?.over);
    this.all.delete(name);
  }

  /** Whether a field has not yet taken over what it was set to.
   * @param {string} name */
  isMoving(name) {
    const intent = this.all.get(name);
    return intent !== undefined && intent.over === undefined;
  }

  /** Undo echoes: the names of those fields, of all that say something. What has not taken over its
   * value yet, is as good as there.
   * @param {string[]} said
   * @param {ByName<Value>} values what all fields hold, corrected in place
   * @param {(name: string, value: Value) => void} write sets an input again */
  undoEchoes(said, values, write) {
    const undone = [];
    for (const [name, intent] of [...this.all]) {
      if (String(values[name]) === String(intent.value)) {
        clearTimeout(intent.over);
        intent.over = setTimeout(() => this.forget(name), this.echo);
        continue;
      }
      if (said.includes(name)) {
        if (intent.echoes++ === MOST_ECHOES) {
          this.forget(name); // the control takes another value for it
          continue;
        }
        write(name, intent.value);
        undone.push(name);
      }
      values[name] = intent.value;
    }
    return undone;
  }
}
