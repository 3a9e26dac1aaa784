/* Shares in percent, by the rule of eosdash/shares.py to the letter. */

const FEW = 0.01; // below it, and as near to all, two places instead of one

/** A share from 0 to 1 in percent, halves rounded up in decimal, and never to all or nothing.
 * @param {number} share */
export function percent(share) {
  if (share === 0 || share === 1) return `${100 * share} %`;
  if (!(share > 0 && share < 1)) return "–";
  const places = share >= FEW && share <= 1 - FEW ? 1 : 2;
  // Moving the point in the text rounds as the decimal does; a product rounds twice.
  const ticks = share < 1e-6 ? 0 : Math.round(Number(`${share}e${places + 2}`));
  const whole = Math.min(Math.max(ticks, 1), 10 ** (places + 2) - 1);
  return `${(whole / 10 ** places).toFixed(places)} %`;
}

/** Where the ends and quarters of an axis of shares are, in the same words. */
export const SHARE_TICKS = {
  tickmode: "array",
  tickvals: [0, 0.25, 0.5, 0.75, 1],
  ticktext: ["0 %", "25 %", "50 %", "75 %", "100 %"],
};
