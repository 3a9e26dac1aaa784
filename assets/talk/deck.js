/* Which deck is open: that of the site, or one's own, which travels in the fragment of a link (the
 * server never sees it there) and is kept in this browser. */

import { base, say } from "../base/dom.js";
import { memory } from "../base/memory.js";
import { DECK_PART, frame, ownDeck } from "../app/frame.js";
import { closeScene, sceneState } from "./scene.js";

const KEPT = "deck"; // the name of the one that was opened last
const MOST = 8000; // characters of a fragment
const LOST = "The deck of this link is not in this browser: open its file on the page of scenes.";
const DAMAGED = "The deck in this link cannot be read: ask for the whole link, or for its file.";
let text = ""; // of the deck that is one's own

/** Bytes through a stream that packs them, or unpacks them.
 * @type {(bytes: BlobPart, stream: CompressionStream | DecompressionStream) => Promise<ArrayBuffer>} */
const through = (bytes, stream) =>
  new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer();

/** @param {string} words */
async function pack(words) {
  const bytes = new Uint8Array(await through(words, new CompressionStream("deflate-raw")));
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} packed */
async function unpack(packed) {
  const base64 = packed.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw")));
}

/** A deck as the server reads it, with a name made of its text; throws what is wrong with it.
 * @param {string} body */
async function checked(body) {
  const answer = await fetch(`${base()}/api/deck`, { method: "POST", body }).catch(() => null);
  const read = (await answer?.json().catch(() => null)) ?? {};
  if (answer?.ok) return read;
  const { line, field, message, allowed } = read.error ?? {};
  throw new Error(
    field
      ? `line ${line}, ${field}: ${message}. Allowed: ${allowed}.`
      : "which the server did not take.",
  );
}

/** Open a deck of one's own, by its text; an address on this host goes on standing for it.
 * @param {string} words */
async function take(words, address = "") {
  const deck = await checked(words);
  const packed = address ? "" : await pack(words);
  hold(deck, words, address || deck.id, packed.length <= MOST ? packed : "");
  memory.set(`${KEPT}-${deck.id}`, JSON.stringify({ deck, words, fragment: ownDeck.packed }));
  memory.set(KEPT, deck.id);
  return deck;
}

/**
 * @param {Deck} deck
 * @param {string} words
 * @param {string} name
 * @param {string} packed
 */
function hold(deck, words, name, packed) {
  sceneState.own = true;
  [frame.deck, text, ownDeck.packed] = [name, words, packed];
  return deck;
}

/** @param {string} name */
function kept(name) {
  const found = JSON.parse(memory.get(`${KEPT}-${name}`) ?? "null");
  return found && hold(found.deck, found.words, name, found.fragment);
}

async function ofSite() {
  sceneState.own = false;
  [frame.deck, text, ownDeck.packed] = ["", "", ""];
  return (await fetch(`${base()}/api/deck`)).json();
}

/** A link of a deck that is not there: neither its scene nor one of another deck.
 * @param {string} words */
function lost(words) {
  closeScene();
  for (const id of ["problem", "deck-problem"]) say(id, words);
  return ofSite();
}

/** @param {string} address */
async function fromHost(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error("there is no such file.");
  return take(await answer.text(), address);
}

/** The deck of this visit: what the link names, or on the page of scenes the last of one's own. */
async function load() {
  const packed = location.hash.startsWith(DECK_PART) ? location.hash.slice(DECK_PART.length) : "";
  const name = frame.deck || (frame.scene ? "" : (memory.get(KEPT) ?? ""));
  try {
    if (packed) return await take(await unpack(packed));
  } catch {
    return lost(DAMAGED);
  }
  try {
    if (name.startsWith("/")) return await fromHost(name);
  } catch (problem) {
    const { message } = /** @type {Error} */ (problem);
    return lost(`The deck ${name} cannot be used: ${message}`);
  }
  return (name && kept(name)) || (frame.deck ? lost(LOST) : ofSite());
}

/** @type {Promise<Deck> | null} */
let loading = null;
/** @type {() => Promise<Deck>} */
export const loadDeck = () => (loading ??= load().then((deck) => (sceneState.deck = deck)));

export const decks = {
  /** Open a file in place of the deck; a faulty one changes nothing, and is thrown. */
  async open(/** @type {File} */ file) {
    const deck = await take(await file.text());
    loading = Promise.resolve(sceneState.deck = deck);
    return deck;
  },
  /** Go back to the deck of the site. */
  leave() {
    memory.set(KEPT, null);
    loading = ofSite().then((deck) => (sceneState.deck = deck));
  },
  /** How the deck travels, in words. */
  travels() {
    if (!sceneState.own) return "";
    if (ownDeck.packed) return "Links to its scenes hold this deck.";
    if (frame.deck.startsWith("/")) return "Links to its scenes name its address on this host.";
    return `It is too large for a link (${
      MOST.toLocaleString("en")
    } characters when packed): give its file along, or put it on this host and open /scenes?deck=/its/address.`;
  },
  save() {
    const href = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
    Object.assign(document.createElement("a"), { href, download: "deck.yaml" }).click();
    setTimeout(() => URL.revokeObjectURL(href), 1000);
  },
};
