/* What explains a run: asked for when it is looked at, and laid over the run as it streams in. */

import { $, listen } from "../base/dom.js";
import { marked, rich } from "../base/text.js";
import { setProps } from "../app/dash.js";
import { disableField } from "../app/fields.js";
import { allTemplates } from "../app/templates.js";
import { setField } from "../app/values.js";
import { detailAsks, detailMissing } from "./detail_kinds.js";
import { askExplanations, explanationOf, unexplained } from "./explanations.js";
import { flowFrom, OVERLAID } from "./overlays.js";
import { runState, stepShown } from "./state.js";

/** What the view asks for: [name, step] each. */
function wanted(run, view) {
  const asked = [];
  if (view.flow) asked.push(["gradient_flow", flowFrom(run, view)]);
  if (view.central) asked.push(["central_flow", 0]);
  const beside = detailAsks(run, view);
  if (beside) asked.push([beside, beside === "spectrum" ? stepShown(runState) : 0]);
  return asked.filter(([name]) => !unexplained(run, name));
}

/** Ask for what the view wants of the run that is shown, and say how it goes. */
export function explain() {
  const { current: run, view } = runState;
  if (!run?.count) return;
  askExplanations(run, wanted(run, view));
  sayOverlaid(run, view);
}

/** What is laid over the run, in words below it. */
function sayOverlaid(run, view) {
  const note = $("explain-note");
  if (!note) return;
  const paragraphs = OVERLAID.filter(({ option }) => view[option]).map(({ name, words, at }) => {
    const missing = unexplained(run, name);
    if (missing) return `${words[0].toUpperCase()}${words.slice(1)}: ${missing}`;
    const one = explanationOf(run, name, at(run, view));
    const begun = one?.end ? "" : `${words[0].toUpperCase()}${words.slice(1)}: `;
    return [
      `${begun}${one?.words ?? "Computing …"}`,
      ...(one?.start ? marked(one.start, "notes") : []),
    ].join(" ");
  });
  const words = paragraphs.join("\n");
  if (note.words === words) return;
  note.words = words;
  note.replaceChildren(
    ...paragraphs.map((text) => {
      const paragraph = document.createElement("p");
      paragraph.append(...rich(text));
      return paragraph;
    }),
  );
}

/** Which options a run has; the others are switched off, with the reason. */
export function offerOptions(run) {
  run.offered = true;
  const { columns } = run;
  disableField(
    "gfs",
    columns.gfs_sharpness
      ? undefined
      : "Scalar chains with y ≠ 0 and without weight decay have a gradient-flow solution.",
  );
  disableField("central", unexplained(run, "central_flow") || undefined);
  const data = Object.entries(allTemplates()?.details ?? {}).map(([value, label]) => ({
    value,
    label,
    disabled: Boolean(detailMissing(run, value)),
  }));
  if (data.length) setProps({ type: "param", name: "detail" }, { data });
}

listen("click", ({ target }) => {
  if (!target.closest?.("#flow-here") || !runState.current?.count) return;
  setField("flow_from", stepShown(runState));
  setField("flow", true);
});
