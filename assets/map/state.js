/* The map that is shown, and the run of a start of it. */

import { signal } from "../base/signal.js";

export const mapState = {
  asked: null, // the one that the controls ask for, from its first line on
  map: null, // the one that is shown
  old: null, // one that is still shown though another has been asked for
  image: null, // its picture, and what it was painted from
  run: null, // the run of the selected start, and its path
  path: null,
  at: null,
  back: [],
  forward: [],
  hovered: null, // where a hand was last seen on it
};

/** Have the map drawn as the state says. */
export const drawMap = signal();
