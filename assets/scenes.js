/* The deck: its cards, the scene that stands beside the page, and predict before reveal. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const $ = (id) => document.getElementById(id);
  const { frame } = eos;
  const state =
    (eos.sceneState = { deck: null, own: false, shown: false, picked: null, revealed: true });

  eos.pages.scenes = { name: "scenes", draw() {}, shown: () => null, files: [] };

  /** Open a scene by its number, from 1; the one that is open stays at either end of the deck. */
  eos.openScene = async function (number) {
    const { scenes } = await eos.deck();
    if (!(number >= 1 && number <= scenes.length)) return;
    frame.scene = number;
    show(scenes);
    await eos.settled();
    if (frame.scene !== number) return; // stepped on meanwhile
    const { href, page } = scenes[number - 1];
    const { name, shown, fresh } = eos.page();
    if (name !== page || !shown()?.start || frame.lock)
      return eos.visit(`${eos.base}${href}&${new URLSearchParams(eos.framing())}`);
    fresh?.(); // on the same page the picture only changes
    eos.forget();
    eos.setState(new URL(href, location.href).search);
    eos.address();
  };

  eos.closeScene = function () {
    frame.scene = 0;
    state.shown = false;
    document.body.classList.remove("eos-has-scene", "eos-secret", "eos-waiting");
    if (eos.page().shown?.()?.start) eos.address();
  };

  const element = (tag, words, className = "") =>
    Object.assign(document.createElement(tag), { textContent: words, className });

  /** The words of the open scene, and what is to be predicted. */
  function show(scenes) {
    const scene = scenes[frame.scene - 1];
    state.picked = null;
    state.revealed = !scene.question;
    $("scene-number").textContent = `Scene ${frame.scene} of ${scenes.length}`;
    eos.say("scene-title", scene.title);
    eos.say("scene-text", scene.text);
    eos.say("scene-look", scene.look);
    for (const id of ["scene-question", "predict-question"]) eos.say(id, scene.question ?? "");
    for (const id of ["scene-options", "predict-options"]) options($(id), scene);
    $("scene-back").disabled = frame.scene === 1;
    $("scene-next").disabled = frame.scene === scenes.length;
    state.shown = true;
    document.body.classList.remove("eos-waiting");
    document.body.classList.add("eos-has-scene");
    document.body.classList.toggle("eos-secret", !state.revealed);
    $("scene").scrollTop = 0;
    window.scrollTo(0, 0); // a card may have been far down the list
  }

  /** A button for each option; pressed is the one that the room chose. */
  function options(list, scene) {
    const buttons = scene.options.map((words, i) => {
      const button = element("button", "", "eos-option");
      button.append(element("b", "ABCDEF"[i]), ...eos.rich(words));
      button.setAttribute("aria-pressed", "false");
      button.onclick = () => pick(i);
      return button;
    });
    list.replaceChildren(...buttons);
  }

  function pick(i) {
    state.picked = i;
    marked();
  }

  function marked() {
    const scene = state.deck.scenes[frame.scene - 1];
    for (const id of ["scene-options", "predict-options"])
      [...$(id).children].forEach((button, i) => {
        button.setAttribute("aria-pressed", String(i === state.picked));
        button.classList.toggle("eos-right", state.revealed && i + 1 === scene.answer);
      });
  }

  /** Show what was hidden, and which option was right. */
  eos.reveal = function () {
    if (state.revealed) return;
    state.revealed = true;
    document.body.classList.remove("eos-secret");
    marked();
    const { options: words, answer } = state.deck.scenes[frame.scene - 1];
    const right = answer ? `Right is ${"ABCDEF"[answer - 1]}: ${words[answer - 1]}. ` : "";
    eos.announce(`${right}${$("summary")?.textContent ?? ""}`);
  };

  /** On: reveal what is hidden, otherwise the next scene. */
  eos.onward = () => (state.revealed ? eos.openScene(frame.scene + 1) : eos.reveal());

  /* The page of scenes */

  function card(scene, i) {
    const link = element("a", "", "eos-card");
    const framing = new URLSearchParams(eos.framing({ ...frame, scene: i + 1 }));
    link.href = `${eos.base}${scene.href}&${framing}${eos.decks.fragment(i + 1)}`;
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      eos.openScene(i + 1);
    };
    const about = element(
      "span",
      `${scene.page}${scene.question ? " · predict, then reveal" : ""}`,
      "eos-card-page",
    );
    link.append(element("b", String(i + 1)), element("h2", ""), element("p", ""), about);
    link.querySelector("h2").append(...eos.rich(scene.title, false));
    link.querySelector("p").append(...eos.rich(scene.question ?? scene.text, false)); // the text gives it away
    const item = document.createElement("li");
    item.append(link);
    return item;
  }

  async function cards() {
    const { title, scenes } = await eos.deck();
    if (!$("deck")) return;
    eos.say("deck-title", title);
    $("deck").replaceChildren(...scenes.map(card));
    for (const id of ["deck-default", "deck-save"])
      $(id).classList.toggle("eos-hidden", !state.own);
    eos.say("deck-travels", eos.decks.travels());
  }

  async function upload(file) {
    try {
      const { scenes } = await eos.decks.open(file);
      eos.say("deck-problem", "");
      eos.toast(`${scenes.length} scenes`);
      cards();
    } catch ({ message }) {
      eos.say("deck-problem", `${file.name}, ${message}`);
    }
  }

  function choose() {
    const input = Object.assign(document.createElement("input"), {
      type: "file",
      accept: ".yaml,.yml",
    });
    input.onchange = () => upload(input.files[0]);
    input.click();
  }

  const BUTTONS = {
    "scene-back": () => eos.openScene(frame.scene - 1),
    "scene-next": () => eos.openScene(frame.scene + 1),
    "scene-close": eos.closeScene,
    "scene-present": () => eos.present(),
    "predict-reveal": eos.reveal,
    "deck-first": () => eos.openScene(1),
    "deck-open": choose,
    "deck-save": eos.decks.save,
    "deck-default"() {
      eos.decks.leave();
      cards();
    },
  };
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button");
    if (button && BUTTONS[button.id]) BUTTONS[button.id]();
  });

  /** A link names a scene that the deck does not have. */
  function missing(number, scenes) {
    eos.closeScene();
    const words = `There is no scene ${number}: this deck has the scenes 1 to ${scenes.length}.`;
    for (const id of ["problem", "deck-problem"])
      eos.say(id, `${words} ${$(id)?.textContent ?? ""}`.trim());
  }

  /** When a page has been laid out: its scene, if the link names one, or the cards of the deck. */
  eos.sceneShows = async function () {
    if ($("deck")) cards();
    if (!frame.scene || !$("scene") || state.shown) return;
    const { scenes } = await eos.deck();
    if (!frame.scene) return; // its deck is not there
    if (frame.scene > scenes.length) return missing(frame.scene, scenes);
    if (!eos.sceneOnly) return show(scenes);
    const { href } = scenes[frame.scene - 1];
    location.replace(`${eos.base}${href}&${new URLSearchParams(eos.framing())}${location.hash}`); // Dash is not ready to be told
  };
})(window.eosdash);
