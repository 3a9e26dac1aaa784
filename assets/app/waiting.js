/* Another page comes from the server, for which Dash asks once. Where that does not answer it is asked
 * again, and the page that stays meanwhile says so. */

import { $, say, toast } from "../base/dom.js";
import { BUSY, pause } from "../base/stream.js";

const OF_DASH = "_dash-update-component";
const fetched = window.fetch.bind(window);

/** @type {(words: string) => void} */
const tell = (
  words,
) => ($("problem") ? say("problem", words) : toast(words));

window.fetch = async function (resource, options) {
  if (!String(resource instanceof Request ? resource.url : resource).includes(OF_DASH))
    return fetched(resource, options);
  for (let tries = 1;; tries++) {
    const answer = await fetched(resource, options).catch(() => null);
    if (answer && !BUSY.has(answer.status)) {
      if (tries > 1) tell("");
      return answer;
    }
    const seconds = pause({ retry_after: Number(answer?.headers.get("Retry-After")) }, tries);
    const why = answer ? "The server is busy." : "The server does not answer.";
    tell(`${why} What you see is the page of before. Trying again in ${Math.ceil(seconds)} s.`);
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }
};
