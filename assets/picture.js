/* The figure as a file; a PNG carries what it takes to make it again in its metadata. */
window.eosdash = window.eosdash || {};

(function (eos) {
  eos.picture = async function (format, page) {
    const { data, layout, width, height, filename } = page.picture();
    const figure = { data, layout: { ...layout, width, height, autosize: false } };
    const url = await window.Plotly.toImage(figure, { format, width, height, scale: 2 });
    const { python } = page.shown().start;
    const blob = format === "png"
      ? new Blob([
        withText(await bytesOf(url), {
          Software: "eosdash",
          Source: eos.link(),
          Description: python,
        }),
      ])
      : await (await fetch(url)).blob();
    const anchor = document.createElement("a");
    anchor.href = URL.createObjectURL(blob);
    anchor.download = `${filename}.${format}`;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 10000);
  };

  const bytesOf = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());

  const SIGNATURE_AND_HEADER = 8 + 25;

  /** A PNG with texts by keyword, as iTXt chunks behind its header (PNG specification, 11.3.3). */
  function withText(png, texts) {
    const chunks = Object.entries(texts).map(([keyword, text]) =>
      eos.pngChunk("iTXt", new TextEncoder().encode(`${keyword}\0\0\0\0\0${text}`))
    );
    const parts = [png.slice(0, SIGNATURE_AND_HEADER), ...chunks, png.slice(SIGNATURE_AND_HEADER)];
    const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
    return whole;
  }
})(window.eosdash);
