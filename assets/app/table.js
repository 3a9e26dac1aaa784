/* A table of one's own: read by the server, which keeps nothing, into the field that travels in the
 * link. */

import { base, say, toast } from "../base/dom.js";
import { currentPage } from "./pages.js";
import { fieldValue, setField } from "./values.js";

let awaited = null; // what was read last, until a result of it has begun

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

async function take(file) {
  try {
    awaited = await read(file);
    if (fieldValue("data") === awaited.data && currentPage().shown()?.start)
      return tableBegun(awaited.data);
    setField("data", awaited.data);
  } catch ({ message }) {
    say("problem", `${file.name}: ${message}. Nothing has changed.`);
  }
}

/** A result has begun, of these data: if they are what was read, that can be told now. */
export function tableBegun(data) {
  if (!awaited || data !== awaited.data) return;
  say("problem", "");
  toast(`${awaited.size}, kept in the link and nowhere else. ${awaited.notes}`.trim());
  awaited = null;
}

document.addEventListener("click", ({ target }) => {
  if (target.id !== "choose-table") return;
  const input = Object.assign(document.createElement("input"), {
    type: "file",
    accept: ".csv,.tsv,.txt,text/csv",
  });
  input.onchange = () => input.files[0] && take(input.files[0]);
  input.click();
});

const holdsFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");

for (const kind of ["dragover", "drop"])
  document.addEventListener(kind, (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // beside the field too, where the browser would leave the page
    const wanted = event.target.closest?.(".eos-field-data");
    if (!wanted) event.dataTransfer.dropEffect = "none";
    else if (kind === "drop" && event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
