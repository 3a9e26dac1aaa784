/* A map on the page, as far as it is there. */

import { say } from "../base/dom.js";
import { drawMap, mapState } from "./state.js";
import { reading, showShares, showSwitches } from "./words.js";

/** Show a map as far as it is there. */
export function showMap(map) {
  if (mapState.map && plane(mapState.map) !== plane(map)) mapState.at = mapState.path = null;
  mapState.map = map;
  if (mapState.hovered) say("map-readout", reading(map, ...mapState.hovered));
  showShares(map);
  showSwitches(map);
  drawMap();
}

const WINDOW = ["lr", "extent", "resolution", "steps", "twice"];

/** What names the plane of a map: its query without what only looks at it otherwise. */
const plane = ({ start }) =>
  JSON.stringify(Object.entries(start.query).filter(([name]) => !WINDOW.includes(name)));
