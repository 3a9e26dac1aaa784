/* Subscriptions: who knows of a change tells, and need not know who listens. */

/** A function that tells all who ``listen`` to it, in the order in which they began to. */
export function signal() {
  /** @type {((...news: any[]) => unknown)[]} */
  const listeners = [];
  /** @param {any[]} news */
  const tell = (...news) => {
    for (const listener of listeners) listener(...news);
  };
  /** @param {(...news: any[]) => unknown} listener */
  tell.listen = (listener) => void listeners.push(listener);
  return tell;
}
