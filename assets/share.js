/* Dialogs, and what is given away of the state: link, embed, scene, QR code. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const $ = (id) => document.getElementById(id);
  const EMBED = { width: 800, height: 450 };

  const FILLED = {
    help: () => $("keys").replaceChildren(...eos.keyTable()),
    glossary() {
      if (!document.querySelector("#terms section"))
        window.dash_clientside.set_props("glossary-asked", { data: "all" });
    },
    "share-dialog": () => {
      chooser();
      shared();
    },
  };

  eos.openDialog = function (id) {
    const dialog = $(id);
    if (dialog.open) return;
    FILLED[id]?.();
    for (const menu of document.querySelectorAll(".eos-menu[open]")) menu.open = false;
    dialog.showModal();
  };

  document.addEventListener("click", ({ target }) => {
    const opener = target.closest?.("[data-opens]");
    if (opener?.dataset.opens === "qr") eos.showQr();
    else if (opener) eos.openDialog(opener.dataset.opens);
    if (target.closest?.("#present")) eos.present();
    if (target.closest?.(".eos-close")) target.closest("dialog").close();
    if (target.matches?.("dialog")) target.close(); // the backdrop
    const source = target.closest?.("[data-copies]");
    if (source) eos.copy($(source.dataset.copies).value, "Copied");
  });

  eos.copy = async function (text, words) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without https there is no clipboard to write to, but a selection can be copied.
      const area = document.createElement("textarea");
      area.value = text;
      (document.querySelector("dialog[open]") ?? document.body).append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    eos.toast(words);
  };

  /** A box for each control of the page that a link may leave out. */
  function chooser() {
    const fields = [...document.querySelectorAll("#panel .eos-field:not(.eos-hidden)")];
    const boxes = fields.map((field) => {
      const { name } = JSON.parse(field.id);
      const words = field.querySelector("label")?.textContent ?? name;
      return box(name, `without ${words}`, eos.frame.hide.includes(name));
    });
    const lock = box(LOCK, "locked: parameters are seen, not changed", eos.frame.lock);
    $("hide-boxes").replaceChildren(lock, ...boxes);
  }

  const LOCK = "lock";

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
    const say = (id, value) => eos.setProps(id, { value });
    say("share-link", eos.link({ ...framing, scene: eos.frame.scene }));
    const { width, height } = EMBED;
    const embedded = new URL(eos.link({ ...framing, embed: true }));
    for (const pair of Object.entries(eos.page().embedded?.(eos.state.view) ?? {}))
      embedded.searchParams.set(...pair);
    const link = embedded.href.replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll(
      "&",
      "&amp;",
    );
    say(
      "share-embed",
      `<iframe src="${link}" width="${width}" height="${height}" style="border:0" ` +
        `title="eosdash: gradient descent at the edge of stability"></iframe>`,
    );
    say("share-scene", scene());
  }

  /** The link to give away: as it is here, but not presented. */
  eos.linkShared = () => eos.link({ ...eos.frame, present: false });

  /** The state as it stands in a deck; JSON is YAML. */
  function scene() {
    const plain = new URL(eos.link({ hide: [] }));
    const params = Object.fromEntries(plain.searchParams);
    return `  - title: …\n    page: ${eos.page().name}\n    params: ${
      JSON.stringify(params)
    }\n    text: …\n    look: …\n`;
  }

  document.addEventListener("change", ({ target }) => {
    if (target.closest?.("#share-dialog")) shared();
  });

  /** The link of what is shown as a QR code, as large as the screen allows. */
  eos.showQr = function () {
    const link = eos.linkShared();
    const image = $("qr-image");
    image.onerror = () =>
      eos.say("qr-words", "This link is too long for a QR code: copy it instead.");
    image.src = `${eos.base}/api/qr.svg?link=${encodeURIComponent(link)}`;
    image.alt = `QR code of ${link}`;
    const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
    eos.say(
      "qr-words",
      local ? "This address works on this computer only: host the app to share it." : "",
    );
    $("qr-link").textContent = link;
    eos.openDialog("qr");
  };
})(window.eosdash);
