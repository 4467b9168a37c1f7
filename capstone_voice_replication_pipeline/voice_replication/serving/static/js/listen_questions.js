// The questions of the three kinds of test. Each is `{node, update(), answer(), press(key)}`:
// `update` returns what is still to do ("" when it can be answered), `press` whether it knew the key.

import { button, el, icon, newId, relabel, toast } from "./ui.js";

const listed = (names) => new Intl.ListFormat("en").format(names); // "A, B, and X"
const GRADES = [[5, "Excellent"], [4, "Good"], [3, "Fair"], [2, "Poor"], [1, "Bad"]];

/** A button that plays the sample `label`, called `name`; `show()` brings it in line with the player. */
function playButton(player, label, name, key, text = name) {
  const node = button(text, { iconName: "play", onclick: () => play(player, label) });
  node.classList.add("play-sample");
  node.dataset.label = label;
  node.dataset.key = key.toUpperCase();
  node.setAttribute("aria-keyshortcuts", key);
  const done = icon("check");
  done.classList.add("done");
  node.append(done);
  return {
    node,
    show() {
      const sounds = player.sounding === label;
      const heard = player.heard.has(label);
      node.disabled = !player.ready;
      node.classList.toggle("sounding", sounds);
      node.classList.toggle("heard", heard);
      relabel(node, {
        iconName: sounds ? "stop" : heard ? "again" : "play",
        label: `${sounds ? "Stop" : "Play"} ${name}${heard ? ", heard" : ""}`,
      });
    },
  };
}

async function play(player, label) {
  try {
    await player.toggle(label);
  } catch {
    toast("This sample cannot be played in this browser.", { kind: "error" });
  }
}

/** Radio buttons as tiles: `choices` of [value, text, key]. */
function tiles(legend, choices, onChange) {
  const name = newId("answer");
  const inputs = new Map();
  const labels = choices.map(([value, text, key]) => {
    const input = el("input", { type: "radio", name, value: String(value), onchange: onChange });
    inputs.set(key, input);
    return el("label.tile", {}, input, el("kbd", { "aria-hidden": "true" }, key), el("span", {}, text));
  });
  const node = el("fieldset.tiles", { disabled: true }, el("legend", {}, legend), el("div.tile-row", {}, labels));
  return {
    node,
    enable: (can) => (node.disabled = !can),
    value: () => node.querySelector("input:checked")?.value ?? null,
    /** Choose by key; whether there is such a choice. */
    press(key) {
      const input = inputs.get(key);
      if (!input || node.disabled) return Boolean(input);
      input.checked = true;
      input.focus();
      onChange();
      return true;
    },
  };
}

function mos(_trial, player, onChange) {
  const sample = playButton(player, "A", "the sample", "p", "Play the sample");
  const grades = tiles("How good is the quality of what you heard?",
    GRADES.map(([grade, word]) => [grade, word, String(grade)]), onChange);
  return {
    node: el("div.question-body", {}, el("div.row", {}, sample.node), grades.node),
    update() {
      sample.show();
      const heard = player.heard.has("A");
      grades.enable(heard);
      if (!heard) return "Listen to the sample to its end first.";
      return grades.value() ? "" : "Choose a grade.";
    },
    answer: () => Number(grades.value()),
    press(key) {
      if (key !== "p") return grades.press(key);
      play(player, "A");
      return true;
    },
  };
}

function abx(trial, player, onChange) {
  const samples = trial.stimuli.map(({ label }) => playButton(player, label, label, label));
  const choice = tiles("Which of the two is X?", [["A", "X is A", "1"], ["B", "X is B", "2"]], onChange);
  return {
    node: el("div.question-body", {}, el("div.row.sample-row", {}, samples.map(({ node }) => node)), choice.node),
    update() {
      for (const sample of samples) sample.show();
      const open = trial.stimuli.map(({ label }) => label).filter((label) => !player.heard.has(label));
      choice.enable(open.length === 0);
      if (open.length) return `Listen to ${listed(open)} to the end first.`;
      return choice.value() ? "" : "Choose; if you cannot tell, guess.";
    },
    answer: () => choice.value(),
    press(key) {
      const label = key.toUpperCase();
      if (!trial.stimuli.some((one) => one.label === label)) return choice.press(key);
      play(player, label);
      return true;
    },
  };
}

function mushra(trial, player, onChange) {
  const [open, ...hidden] = trial.stimuli.map(({ label }) => label);
  const reference = playButton(player, open, "the reference", "r", "Reference");
  const rows = hidden.map((label) => ratingRow(player, label, onChange));
  return {
    node: el("div.question-body", {}, el("div.row", {}, reference.node),
      el("p.hint", {}, "One of the samples below is the reference itself: rate that one 100."),
      el("div.scale", { "aria-hidden": "true" }, [...GRADES].reverse().map(([, word]) => el("span", {}, word))),
      rows.map(({ node }) => node)),
    update() {
      reference.show();
      for (const row of rows) row.show();
      const unheard = [open, ...hidden].filter((label) => !player.heard.has(label));
      if (unheard.length) return `Listen to ${listed(unheard.map((l) => (l === open ? "the reference" : l)))} to the end first.`;
      const unrated = rows.filter((row) => !row.rated).map((row) => row.label);
      return unrated.length ? `Rate ${listed(unrated)}.` : "";
    },
    answer: () => Object.fromEntries(rows.map((row) => [row.label, row.value()])),
    press(key) {
      const row = rows.find(({ label }) => label.toLowerCase() === key);
      if (key !== "r" && !row) return false;
      play(player, row ? row.label : open);
      row?.focus();
      return true;
    },
  };
}

/** One hidden sample of a MUSHRA question: play it, and a slider that waits until it was heard. */
function ratingRow(player, label, onChange) {
  const sample = playButton(player, label, label, label);
  const shown = el("output.numbers", {}, "–");
  const slider = el("input", {
    type: "range", min: "0", max: "100", step: "1", value: "50", disabled: true,
    "aria-label": `Rating of ${label}`, "aria-valuetext": "not rated yet",
  });
  let wanted = false; // the focus goes to the slider as soon as it can be moved
  const row = {
    label,
    rated: false,
    node: el("div.rating-row", {}, sample.node, slider, shown),
    value: () => Number(slider.value),
    focus() {
      wanted = slider.disabled;
      slider.focus();
    },
    show() {
      sample.show();
      slider.disabled = !player.heard.has(label);
      if (wanted && !slider.disabled) row.focus();
      row.node.classList.toggle("unrated", !row.rated);
    },
  };
  const rate = () => {
    row.rated = true;
    shown.textContent = slider.value;
    slider.setAttribute("aria-valuetext", `${slider.value} of 100`);
    onChange();
  };
  slider.addEventListener("input", rate);
  slider.addEventListener("change", rate);
  return row;
}

export const KIND_QUESTIONS = { mos, abx, mushra };
