/* Terms of the field: found in running text, explained where they stand, and in the glossary. */
window.eosdash = window.eosdash || {};

(function (eos) {
  let terms = {}; // by the way they are written: [key, words]
  let pattern = /η_C/g;

  eos.knowTerms = function (known) {
    terms = known;
    const written = Object.keys(known).sort((a, b) => b.length - a.length);
    const escaped = written.map((alias) => alias.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
    pattern = new RegExp(`(?<![\\p{L}\\d])(?:${escaped.join("|")})(?![\\p{L}\\d])`, "gu");
  };

  const printed = (text) => {
    const span = document.createElement("span");
    if (text === "η_C") span.innerHTML = "η<sub>C</sub>";
    else span.textContent = text;
    return span;
  };

  function button(text, [key, words]) {
    const made = document.createElement("button");
    made.className = "eos-term";
    made.dataset.term = key;
    made.title = words;
    made.append(...printed(text).childNodes);
    return made;
  }

  /** A text in parts, with η_C set as it is printed; and each term, the first time it stands
   * there, as a button that explains it. */
  eos.rich = function (words, explained = false) {
    const seen = new Set();
    const parts = [];
    let from = 0;
    for (const { 0: text, index } of words.matchAll(explained ? pattern : /η_C/g)) {
      const term = explained && terms[text];
      if (term && seen.has(term[0]) && text !== "η_C") continue;
      parts.push(words.slice(from, index));
      parts.push(term && !seen.has(term[0]) ? button(text, term) : printed(text));
      if (term) seen.add(term[0]);
      from = index + text.length;
    }
    return [...parts, words.slice(from)].filter((part) => part !== "");
  };

  const STATIC = ".eos-scope, .eos-statement > p, .eos-legend th, .eos-explained";

  /** Make the terms buttons in text that the server wrote. */
  eos.explain = function () {
    for (const element of document.querySelectorAll(STATIC)) {
      if (element.explained || element.words) continue; // or said since with a result
      element.explained = true;
      for (const node of [...element.childNodes])
        if (node.nodeType === Node.TEXT_NODE) node.replaceWith(...eos.rich(node.textContent, true));
    }
  };

  let wanted = null;

  /** Open the glossary at a term. */
  eos.showTerm = function (key) {
    wanted = key;
    eos.openDialog("glossary");
    look();
  };

  /** The term is there as soon as the glossary is. */
  function look() {
    const section = wanted && document.getElementById(`term-${wanted}`);
    if (!section) return;
    section.scrollIntoView({ block: "center" });
    section.focus();
    wanted = null;
  }
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("click", (event) => {
    const term = event.target.closest?.(".eos-term");
    if (!term) return;
    event.preventDefault();
    eos.showTerm(term.dataset.term);
  });
})(window.eosdash);
