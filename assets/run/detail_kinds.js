/* Pictures beside a run: which there are, and why a run has one not. */

import { allTemplates } from "../app/templates.js";
import { unexplained } from "./explanations.js";

const TITLES = {
  plane: "Parameter plane",
  singular_values: "Singular values of the product",
  balance: "Imbalance between layers",
}; // longer than in the list of choices

export const titleOf = (kind) => TITLES[kind] ?? allTemplates().details[kind];

/** Which explanation a picture is of. */
export const EXPLAINED = {
  function: "function",
  portrait: "portrait",
  oscillation: "central_flow",
  progress: "progress",
  spectrum: "spectrum",
};

const LINEAR = "Of linear networks only.";

/** Why a run has no such picture; nothing if it has. */
export function detailMissing(run, kind) {
  const { path, singular_values, balance } = run.columns;
  if (EXPLAINED[kind]) return unexplained(run, EXPLAINED[kind]);
  if (kind === "plane") return run.start.plane ? "" : "Of two weights only.";
  if (kind === "weights") return path ? "" : "Of networks with few weights only.";
  if (kind === "singular_values") return singular_values ? "" : LINEAR;
  return kind === "balance" && !balance ? LINEAR : "";
}

/** The picture that is drawn beside a run. */
export function kindOf(run, view) {
  const wanted = view.detail ?? "auto";
  const there = (kind) => !detailMissing(run, kind);
  if (wanted !== "auto" && there(wanted)) return wanted;
  return ["plane", "weights", "singular_values", "function"].find(there);
}

/** The explanation that is drawn beside a run, if one is. */
export const detailAsks = (run, view) => EXPLAINED[kindOf(run, view)];
