/* A table of one's own: read by the server, which keeps nothing, into the field that travels in the
 * link. */

import { base, listen, say, toast } from "../base/dom.js";
import { currentPage } from "./pages.js";
import { fieldValue, setField } from "./values.js";

/** @type {{ data: string, size: string, notes: string } | null} */
let awaited = null; // what was read last, until a result of it has begun

/** @param {File} file */
async function read(file) {
  const answer = await fetch(`${base()}/api/table`, { method: "POST", body: file }).catch(() =>
    null
  );
  if (!answer) throw new Error("the server does not answer");
  const { error, ...table } = await answer.json().catch(() => ({
    error: { message: `status ${answer.status}` },
  }));
  if (error)
    throw new Error(
      error.allowed ? `${error.message}. Allowed: ${error.allowed}` : error.message,
    );
  return table;
}

/** @param {File} file */
async function take(file) {
  try {
    const table = (awaited = await read(file));
    if (fieldValue("data") === table.data && currentPage().shown()?.start)
      return tableBegun(table.data);
    setField("data", table.data);
  } catch (problem) {
    const { message } = /** @type {Error} */ (problem);
    say("problem", `${file.name}: ${message}. Nothing has changed.`);
  }
}

/** A result has begun, of these data: if they are what was read, that can be told now.
 * @param {string} data */
export function tableBegun(data) {
  if (!awaited || data !== awaited.data) return;
  say("problem", "");
  toast(`${awaited.size}, kept in the link and nowhere else. ${awaited.notes}`.trim());
  awaited = null;
}

listen("click", ({ target }) => {
  if (target.id !== "choose-table") return;
  const input = Object.assign(document.createElement("input"), {
    type: "file",
    accept: ".csv,.tsv,.txt,text/csv",
  });
  input.onchange = () => input.files?.[0] && take(input.files[0]);
  input.click();
});

/** @type {(event: DragEvent) => boolean | undefined} */
const holdsFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");

for (const kind of ["dragover", "drop"])
  listen(kind, (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // beside the field too, where the browser would leave the page
    const wanted = event.target.closest?.(".eos-field-data");
    if (!wanted) event.dataTransfer.dropEffect = "none";
    else if (kind === "drop" && event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
