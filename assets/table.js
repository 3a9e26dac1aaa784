/* A table of one's own: read from a file in the browser, into the field that travels in the link. */
window.eosdash = window.eosdash || {};

(function (eos) {
  const LARGEST = 200_000; // bytes of a file
  const DIGITS = 5;

  /** Rows of numbers of a text, without the line of names above them; says what is wrong with it. */
  eos.tableOf = function (text) {
    const lines = text.split(/\r\n?|\n/).filter((line) => line.trim());
    const mark = ["\t", ";", ","].find((each) => lines[0]?.includes(each)) ?? ",";
    const rows = lines.map((line) => line.split(mark).map((cell) => (cell.trim() ? Number(cell) : NaN)));
    if (rows.length && rows[0].every(Number.isNaN)) rows.shift(); // names
    const broken = rows.findIndex((row) => row.length !== rows[0].length || !row.every(Number.isFinite));
    if (rows.length < 2) throw new Error("it has fewer than two rows of numbers");
    if (broken >= 0) throw new Error(`row ${broken + 1} is not ${rows[0].length} numbers`);
    if (rows[0].length < 2) throw new Error("one column is too few: inputs, and the output at the end");
    const most = eos.rule("data").most;
    if (rows.length > most.rows || rows.length * rows[0].length > most.numbers)
      throw new Error(`it is too large: up to ${most.rows} rows and ${most.numbers} numbers`);
    return rows;
  };

  const written = (rows) =>
    rows.map((row) => row.map((x) => Number(x.toPrecision(DIGITS))).join(":")).join(",");

  async function take(file) {
    try {
      if (file.size > LARGEST) throw new Error("the file is too large");
      const rows = eos.tableOf(await file.text());
      eos.set("data", written(rows));
      eos.toast(`${rows.length} rows of ${rows[0].length} numbers, kept in the link and nowhere else.`);
    } catch ({ message }) {
      eos.say("problem", `${file.name}: ${message}. Nothing has changed.`);
    }
  }

  const place = (target) => target.closest?.(".eos-field-data");

  document.addEventListener("click", ({ target }) => {
    if (target.id !== "choose-table") return;
    const input = Object.assign(document.createElement("input"), { type: "file", accept: ".csv,.tsv,.txt,text/csv" });
    input.onchange = () => input.files[0] && take(input.files[0]);
    input.click();
  });
  for (const kind of ["dragover", "drop"])
    document.addEventListener(kind, (event) => {
      if (!place(event.target) || !event.dataTransfer) return;
      event.preventDefault();
      if (kind === "drop" && event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
    });
})(window.eosdash);
