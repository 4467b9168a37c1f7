// What a listening test has found: a chart, tables with intervals, and the same as CSV.

import { plural } from "./format.js";
import { intervalChart } from "./interval_chart.js";
import { KIND_NAMES } from "./listen_create.js";
import { el, icon } from "./ui.js";

const TICKS = { mos: [1, 2, 3, 4, 5], mushra: [0, 20, 40, 60, 80, 100] };
const SHARES = [0, 0.25, 0.5, 0.75, 1];
const percent = (share) => `${Math.round(100 * share)} %`;

/** `{node, focus, close}` of the test `id`. Rejects when it cannot be fetched. */
export async function resultsPage(api, id) {
  const results = await api.get(`/v1/listening/tests/${id}/results`);
  const heading = el("h2", { tabindex: "-1" }, results.title);
  const csv = (table, text) => el("a.button", { href: `/v1/listening/tests/${id}/results.csv?table=${table}`, download: true },
    icon("download"), el("span", {}, text));
  const content = results.answers === 0
    ? [el("p.empty", {}, "Nobody has answered yet.")]
    : [...(results.kind === "abx" ? abxParts(results) : ratingParts(results)),
      el("p.hint", {}, results.meaning),
      el("div.row", {}, csv("systems", "Results as CSV"), csv("answers", "Answers as CSV"))];
  const node = el("section.card.panel.results", { "aria-label": "Results" },
    el("div.row.spread", {}, heading, el("span.badge", {}, KIND_NAMES[results.kind])),
    el("p.quiet", {}, `${plural(results.listeners, "listener")}, ${plural(results.answers, "answer")}`),
    content, el("a", { href: "#listen" }, "All tests"));
  return { node, focus: () => heading.focus(), close: () => {} };
}

function ratingParts({ kind, systems, differences, excluded }) {
  const digits = kind === "mos" ? 2 : 1;
  const number = (value) => value.toFixed(digits);
  const interval = ({ low, high }) => (low === null ? "too few answers" : `${number(low)} to ${number(high)}`);
  const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);
  const rows = systems.map((row) => ({ ...row, name: row.system }));
  const parts = systems.length === 0 ? [] : [
    intervalChart({
      rows, ticks: TICKS[kind], format: number,
      label: `Mean and 95 % interval: ${rows.map((row) => `${row.name} ${number(row.mean)}, ${interval(row)}`).join("; ")}`,
    }),
    table("Systems", ["System", "Mean", "95 % interval", "Median", "Votes", "Listeners", "Clips"],
      systems.map((row) => [row.system, number(row.mean), interval(row), number(row.median), row.votes, row.listeners, row.clips])),
  ];
  if (differences.length) {
    parts.push(table("Differences", ["Systems", "Difference", "95 % interval", "Zero is"],
      differences.map((row) => [
        `${row.first} minus ${row.second}`, signed(row.difference),
        row.low === null ? "too few answers" : `${signed(row.low)} to ${signed(row.high)}`,
        row.low === null ? "unknown" : row.low > 0 || row.high < 0 ? "outside" : "inside",
      ])));
  }
  if (excluded.length) {
    const names = excluded.map((row) => `${row.listener} (${percent(row.share)})`).join(", ");
    parts.push(el("p.notice.warn", {}, icon("warning"),
      el("span", {}, `Left out: ${names}. They rated the hidden reference below 90 in more than 15 % of their questions.`)));
  }
  return parts;
}

function abxParts({ abx }) {
  const chance = abx.p_value < 0.001 ? "less than 0.1 %" : `${(100 * abx.p_value).toFixed(1)} %`;
  const verdict = abx.p_value < 0.05
    ? "People heard a difference." : "This does not show that people hear a difference.";
  const row = { name: "Right answers", mean: abx.share, low: abx.low, high: abx.high };
  return [
    el("p", {}, el("strong", {}, `${abx.right} of ${abx.answers} right (${percent(abx.share)}, 95 % interval ${percent(abx.low)} to ${percent(abx.high)}). `),
      `By guessing, as many or more would be right with a probability of ${chance}. ${verdict}`),
    intervalChart({
      rows: [row], ticks: SHARES, format: percent, formatTick: percent, mark: 0.5,
      label: `${percent(abx.share)} right, 95 % interval ${percent(abx.low)} to ${percent(abx.high)}; guessing gives 50 %`,
    }),
    table("Listeners", ["Listener", "Right", "Answers"],
      abx.listeners.map((one) => [one.listener, one.right, one.answers])),
  ];
}

/** A table with a caption that scrolls by itself on a narrow screen; the first column names the row. */
function table(caption, columns, rows) {
  const cell = (value, place) => (place === 0 ? el("th", { scope: "row" }, String(value)) : el("td.numbers", {}, String(value)));
  return el("div.table-scroll", { tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption),
      el("thead", {}, el("tr", {}, columns.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell))))));
}
