/* Subscriptions: who knows of a change tells, and need not know who listens. */

/** A function that tells all who ``listen`` to it, in the order in which they began to. */
export function signal() {
  const listeners = [];
  const tell = (...news) => {
    for (const listener of listeners) listener(...news);
  };
  tell.listen = (listener) => void listeners.push(listener);
  return tell;
}
