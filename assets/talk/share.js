/* What is given away of the state: link, embed, scene, QR code. */

import { $, base, listen, say } from "../base/dom.js";
import { setProps } from "../app/dash.js";
import { fillDialog, openDialog } from "../app/dialogs.js";
import { frame } from "../app/frame.js";
import { linkOf, linkShared } from "../app/link.js";
import { currentPage } from "../app/pages.js";
import { viewNow } from "../app/values.js";

const EMBED = { width: 800, height: 450 };

fillDialog("share-dialog", () => {
  chooser();
  shared();
});

listen("click", ({ target }) => {
  if (target.closest?.("[data-opens=qr]")) showQr();
});

/** A box for each control of the page that a link may leave out. */
function chooser() {
  const fields = [...document.querySelectorAll("#panel .eos-field:not(.eos-hidden)")];
  const boxes = fields.map((field) => {
    const { name } = JSON.parse(field.id);
    const words = field.querySelector("label")?.textContent ?? name;
    return box(name, `without ${words}`, frame.hide.includes(name));
  });
  const lock = box(LOCK, "locked: parameters are seen, not changed", frame.lock);
  $("hide-boxes").replaceChildren(lock, ...boxes);
}

const LOCK = "lock";

/**
 * @param {string} name
 * @param {string} words
 * @param {boolean} checked
 */
function box(name, words, checked) {
  const input = Object.assign(document.createElement("input"), {
    type: "checkbox",
    name,
    checked,
  });
  const label = document.createElement("label");
  label.append(input, words);
  return label;
}

function shared() {
  const checked = [...$("hide-boxes").querySelectorAll("input:checked")].map(({ name }) => name);
  const hide = checked.filter((name) => name !== LOCK);
  const framing = { scene: 0, present: false, hide, lock: checked.includes(LOCK) };
  /** @type {(id: string, value: string) => void} */
  const put = (id, value) => setProps(id, { value });
  put("share-link", linkOf({ ...framing, scene: frame.scene }));
  const { width, height } = EMBED;
  const embedded = new URL(linkOf({ ...framing, embed: true }));
  for (const pair of Object.entries(currentPage().embedded?.(viewNow()) ?? {}))
    embedded.searchParams.set(...pair);
  const link = embedded.href.replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll(
    "&",
    "&amp;",
  );
  put(
    "share-embed",
    `<iframe src="${link}" width="${width}" height="${height}" style="border:0" ` +
      `title="eosdash: gradient descent at the edge of stability"></iframe>`,
  );
  put("share-scene", scene());
}

/** The state as it stands in a deck; JSON is YAML. */
function scene() {
  const plain = new URL(linkOf({ scene: 0, hide: [] }));
  const params = Object.fromEntries(plain.searchParams);
  return `  - title: …\n    page: ${currentPage().name}\n    params: ${
    JSON.stringify(params)
  }\n    text: …\n    look: …\n`;
}

listen("change", ({ target }) => {
  if (target.closest?.("#share-dialog")) shared();
});

/** The link of what is shown as a QR code, as large as the screen allows. */
export function showQr() {
  const link = linkShared();
  const image = $("qr-image");
  image.onerror = () => say("qr-words", "This link is too long for a QR code: copy it instead.");
  image.src = `${base()}/api/qr.svg?link=${encodeURIComponent(link)}`;
  image.alt = `QR code of ${link}`;
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  say(
    "qr-words",
    local ? "This address works on this computer only: host the app to share it." : "",
  );
  $("qr-link").textContent = link;
  openDialog("qr");
}
