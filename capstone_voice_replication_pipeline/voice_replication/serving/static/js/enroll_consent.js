// The consent step: what the person agrees to, in words, and how they said so.

import { filePlayer } from "./audio.js";
import { formatSeconds } from "./format.js";
import { takeRecorder } from "./take_recorder.js";
import { button, el, field } from "./ui.js";
import { encodeWav } from "./wav.js";

const statementOf = (speaker) =>
  `I, ${speaker || "…"}, agree that a synthetic voice is made from these recordings of me and that ` +
  "the people who use this studio have it speak. I can ask for its deletion at any time.";

/** Part of the enroll dialog. */
export function consentPart() {
  let speaker = "";
  let edited = false;
  let recording = null; // {blob, url, seconds}
  const statement = field("What the speaker agrees to", el("textarea", { rows: "3", maxlength: "2000" }));
  const tick = el("input", { type: "checkbox" });
  const declaration = el("label.choice", {}, tick,
    el("span", {}, "This is my own voice, or this person has told me that they agree."));
  const recorder = takeRecorder({ label: "Record the statement", onTake: keep });
  const kept = el("div.row", { hidden: true });
  const spoken = el("div.consent-spoken", { hidden: true }, recorder.node, kept);
  const error = el("p.field-error", { role: "alert" });
  const way = (value, text, checked) => el("label.choice", {},
    el("input", { type: "radio", name: "consent-way", value, checked, onchange: () => choose(value) }),
    el("span", {}, text));

  function choose(value) {
    declaration.hidden = value !== "declared";
    spoken.hidden = value !== "spoken";
    error.textContent = "";
    if (value === "declared") recorder.stop({ discard: true });
  }

  function keep({ samples, sampleRate }) {
    if (recording) URL.revokeObjectURL(recording.url);
    const blob = encodeWav(samples, sampleRate);
    recording = { blob, url: URL.createObjectURL(blob), seconds: samples.length / sampleRate };
    error.textContent = "";
    kept.hidden = false;
    kept.replaceChildren(
      button("Play the statement", { iconName: "play", onclick: () => filePlayer.play(recording.url) }),
      el("span.small.numbers", {}, `${formatSeconds(recording.seconds)} recorded. Recording again replaces it.`));
  }

  function show() {
    if (!edited) statement.control.value = statementOf(speaker);
    recorder.setPrompt(statement.control.value);
  }

  statement.control.addEventListener("input", () => {
    edited = true;
    statement.setError("");
    show();
  });
  tick.addEventListener("change", () => (error.textContent = ""));
  show();
  const isSpoken = () => !spoken.hidden;

  return {
    node: el("section.enroll-part", { "aria-labelledby": "enroll-consent" },
      el("h3", { id: "enroll-consent" }, "Consent"),
      el("p.small", {}, "Nobody’s voice is cloned without their agreement. It is stored with the voice and shown beside it."),
      statement.node,
      el("fieldset", {}, el("legend", {}, "How did they agree?"),
        way("declared", "I declare it here", true), way("spoken", "They say it into the microphone", false)),
      declaration, spoken, error),
    fields: ["consent_statement", "consent_declaration", "consent_recording"],
    setSpeaker(name) {
      speaker = name;
      show();
    },
    addTo(form) {
      form.append("consent_statement", statement.control.value.trim());
      if (isSpoken()) form.append("consent_recording", recording.blob, "consent.wav");
      else form.append("consent_declaration", "true");
    },
    missing() {
      if (!statement.control.value.trim()) {
        statement.setError("Write down what the speaker agrees to.");
        return statement.control;
      }
      const given = isSpoken() ? recording !== null : tick.checked;
      if (given) return null;
      error.textContent = isSpoken()
        ? "Record the statement, or declare the agreement instead."
        : "Without the speaker’s agreement no voice is made. Tick the box if they have agreed.";
      return isSpoken() ? recorder.toggle : tick;
    },
    refuse(_, sentence) {
      error.textContent = sentence;
      (isSpoken() ? recorder.toggle : tick).focus();
      return false;
    },
    close() {
      recorder.stop({ discard: true });
      if (recording) URL.revokeObjectURL(recording.url);
    },
  };
}
