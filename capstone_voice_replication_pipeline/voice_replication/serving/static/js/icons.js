// The icons, drawn for this page on a grid of 24: strokes in the color of the text around them.

const PATHS = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  stop: "M7 7h10v10H7z",
  record: "M12 7a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
  mic: "M12 3.5a2.5 2.5 0 0 0-2.5 2.5v5.5a2.5 2.5 0 0 0 5 0V6a2.5 2.5 0 0 0-2.5-2.5zM6 11a6 6 0 0 0 12 0M12 17v3.5",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warning: "M12 4L2.8 20h18.4zM12 10v4.5M12 17.2v.1",
  trash: "M4.5 6.5h15M9.5 6.5V4h5v2.5M6.5 6.5l.8 13h9.4l.8-13M10.2 10.5v5.5M13.8 10.5v5.5",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4.5 19.5h15",
  upload: "M12 15.5v-11M7.5 9L12 4.5 16.5 9M4.5 19.5h15",
  again: "M5 12a7 7 0 1 1 2.2 5.1M5 18v-3.5h3.5",
  file: "M6 3.5h8l4.5 4.5v12.5H6zM14 3.5V8h4.5",
  wave: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10v4",
  book: "M12 6.5C10 4.8 7 4.3 3 4.5v14c4-.2 7 .3 9 2 2-1.7 5-2.2 9-2v-14c-4-.2-7 .3-9 2zM12 6.5v14",
  more: "M6 12h.1M12 12h.1M18 12h.1",
  arrow: "M5 12h14M13 6l6 6-6 6",
  bars: "M4 20h16M7 16.5v-5M12 16.5v-11M17 16.5v-8",
};
const FILLED = new Set(["play", "stop", "record"]);
const SVG = "http://www.w3.org/2000/svg";

/** The icon `name`; it says nothing to a screen reader, so name the button that holds it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", FILLED.has(name) ? "icon filled" : "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
