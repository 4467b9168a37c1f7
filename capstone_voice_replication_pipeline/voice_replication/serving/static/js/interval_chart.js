// A small chart: for each row a mean and its interval on a common scale.

const SVG = "http://www.w3.org/2000/svg";
const ROW = 52; // pixels of one row
const MARGIN = 5; // percent of the width left and right of the scale

function draw(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/**
 * An <svg> as wide as its place. `rows`: {name, mean, low, high} (no interval: null); `ticks`: the
 * numbers on the scale, first to last; `format(mean)`, `formatTick(tick)`; `mark`: where to draw a line.
 */
export function intervalChart({ rows, ticks, format, formatTick = String, label, mark = null }) {
  const [first, last] = [ticks[0], ticks.at(-1)];
  const x = (value) => `${MARGIN + ((100 - 2 * MARGIN) * (value - first)) / (last - first)}%`;
  const height = rows.length * ROW + 24;
  const svg = draw("svg", { class: "interval-chart", width: "100%", height, role: "img", "aria-label": label });
  for (const tick of ticks) {
    svg.append(
      draw("line", { class: "grid", x1: x(tick), x2: x(tick), y1: 0, y2: height - 20 }),
      draw("text", { class: "tick", x: x(tick), y: height - 4, "text-anchor": "middle" }, formatTick(tick)));
  }
  if (mark !== null) svg.append(draw("line", { class: "mark", x1: x(mark), x2: x(mark), y1: 0, y2: height - 20 }));
  rows.forEach((row, place) => svg.append(...drawRow(row, place * ROW, x, format)));
  return svg;
}

function drawRow({ name, mean, low, high }, top, x, format) {
  const y = top + 34;
  const parts = [
    draw("text", { class: "name", x: `${MARGIN}%`, y: top + 18 }, name),
    draw("text", { class: "value", x: `${100 - MARGIN}%`, y: top + 18, "text-anchor": "end" }, format(mean)),
  ];
  if (low !== null) {
    parts.push(draw("line", { class: "interval", x1: x(low), x2: x(high), y1: y, y2: y }));
    for (const end of [low, high]) {
      parts.push(draw("line", { class: "interval", x1: x(end), x2: x(end), y1: y - 5, y2: y + 5 }));
    }
  }
  parts.push(draw("circle", { class: "mean", cx: x(mean), cy: y, r: 5 }));
  return parts;
}
