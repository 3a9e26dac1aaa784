/* Numbers as people type and paste them: what is meant, or words; never another number. */

const MINUS = /[\u2010-\u2013\u2212\uFE63\uFF0D]/g;
const PARTS = /^([+-]?)([\d.,'’\u00A0\u2009\u202F]+)(?:e([+-]?\d+))?$/i;

/* How the digits of a number may be grouped and pointed, and what each form is in plain ones.
 * A comma before three digits, of one to three and no leading zero, separates thousands. */
const POINTED = /^(\d+\.?\d*|\.\d+)$/;

const COMMAS = /^(?=[1-9])\d{1,3}(,\d{3})+(\.\d*)?$/;
const DECIMAL_COMMA = /^(\d+,\d*|,\d+)$/;
const POINTS = /^(?=[1-9])\d{1,3}((\.\d{3})+,\d*|(\.\d{3}){2,})$/;
const SPACES = /^(?=[1-9])\d{1,3}(?:(['’\u00A0\u2009\u202F])\d{3}(?:\1\d{3})*)([.,]\d*)?$/;

/** The digits of a number as JavaScript reads them.
 * @param {string} digits
 * @param {string} power */
function plain(digits, power) {
  if (POINTED.test(digits)) return digits;
  if (COMMAS.test(digits) && !power) return digits.replaceAll(",", "");
  if (DECIMAL_COMMA.test(digits) && !COMMAS.test(digits)) return digits.replace(",", ".");
  if (POINTS.test(digits) && !power) return digits.replaceAll(".", "").replace(",", ".");
  if (SPACES.test(digits) && !power) return digits.replace(/['’\s]/g, "").replace(",", ".");
  throw new Error(`“${digits}” can be read in several ways: write one point and no other mark`);
}

/** The number that a text means, or an error that says why it is none.
 * @param {unknown} text */
export function readNumber(text, whole = false) {
  const given = String(text ?? "").trim();
  if (!given) throw new Error("A number is needed here");
  const parts = given.replace(MINUS, "-").replace(/^([+-])\s+/, "$1").match(PARTS);
  if (!parts) throw new Error(`“${given}” is not a number`);
  const [, sign, digits, power = ""] = parts;
  const read = plain(digits, power);
  const value = Number(`${sign}${read}${power && `e${power}`}`);
  if (!Number.isFinite(value)) throw new Error(`“${given}” is too large`);
  if (value === 0 && /[1-9]/.test(read)) throw new Error(`“${given}” is too close to 0`);
  if (whole && !Number.isSafeInteger(value)) throw new Error(`“${given}” is not a whole number`);
  return value + 0; // not −0
}
