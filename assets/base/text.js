/* Texts with marked terms, as the page prints them. */

/** @type {ByName<[string, string]>} */
let terms = {}; // by the way they are written, and by key: [key, words]
const MARKS = /\[\[([^[\]|]+)(?:\|([a-z-]+))?\]\]|η_C/g; // as in eosdash/marks.py

/** Take the terms that texts may mark.
 * @type {(known: ByName<[string, string]>) => void} */
export const knowTerms = (known) => void (terms = known);

/** @type {(text: string) => ChildNode[]} */
const printed = (text) => {
  const span = document.createElement("span");
  if (text === "η_C") span.innerHTML = "η<sub>C</sub>";
  else span.textContent = text;
  return [...span.childNodes];
};

/**
 * @param {string} text
 * @param {[string, string]} term
 */
function button(text, [key, words]) {
  const made = document.createElement("button");
  made.className = "eos-term";
  made.dataset.term = key;
  made.title = words;
  made.append(...printed(text));
  return made;
}

/** A text in parts, with η_C set as it is printed; and each term that is marked in it, unless it
 * stands in a link, as a button that explains it.
 * @param {string} words */
export function rich(words, explained = true) {
  const parts = [];
  let from = 0;
  for (const { 0: mark, 1: text, 2: key, index } of words.matchAll(MARKS)) {
    const term = explained && text && terms[key ?? text];
    parts.push(
      words.slice(from, index),
      ...(term ? [button(text, term)] : printed(text ?? mark)),
    );
    from = index + mark.length;
  }
  return [...parts, words.slice(from)].filter((part) => part !== "");
}

/** A text of a record with the marks of its terms.
 * @type {(record: Line, name: string) => any} */
export const marked = (record, name) => record.marked?.[name] ?? record[name];
