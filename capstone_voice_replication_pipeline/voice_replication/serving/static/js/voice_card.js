// One voice: how it looks and sounds, whose it is, who agreed.

import { sentenceOf } from "./api.js";
import { filePlayer } from "./audio.js";
import { formatDate, formatSeconds } from "./format.js";
import { button, el, icon, relabel, toast } from "./ui.js";

const KINDS = {
  sample: "Sample",
  enrolled: "Enrolled",
  adapted: "Adapted",
  "fine-tuned": "Fine-tuned",
  synthetic: "Synthetic",
};

/** A list item for `voice`; `remarks` of its recordings; `onDelete(voice)`. */
export function voiceCard(voice, { api, remarks = [], onDelete }) {
  const title = el("h2", { id: `voice-${voice.id}`, tabindex: "-1" }, voice.name);
  return el("li.card.voice-card", { "aria-labelledby": title.id, "data-voice": voice.id },
    picture(voice, api),
    el("div.voice-facts", {},
      el("div.row.spread", {}, title, el("span.badge", {}, KINDS[voice.kind] ?? voice.kind)),
      el("p.voice-consent", {}, consentLine(voice)),
      el("p.small.numbers", {}, numbersLine(voice.statistics)),
      remarks.map((remark) => el("p.notice.warn", {}, icon("warning"), el("span", {}, remark)))),
    el("div.voice-actions", {},
      el("a.button", { href: `#speak?voice=${encodeURIComponent(voice.id)}` },
        icon("wave"), el("span", {}, "Speak"), el("span.visually-hidden", {}, ` with ${voice.name}`)),
      voice.read_only ? null : button("", {
        iconName: "trash", label: `Delete ${voice.name}`, kind: "ghost", onclick: () => onDelete(voice),
      })));
}

function consentLine({ consent, kind }) {
  if (consent) return `${consent.speaker} agreed on ${formatDate(consent.given)}.`;
  return kind === "sample" ? "A mixture that belongs to nobody." : "Synthetic; it belongs to nobody.";
}

function numbersLine(statistics) {
  const facts = [];
  if (statistics?.f0_median_hz > 0) facts.push(`pitch about ${Math.round(statistics.f0_median_hz)} Hz`);
  if (statistics?.speech_seconds > 0) facts.push(`from ${formatSeconds(statistics.speech_seconds)} of speech`);
  const line = facts.join(", ");
  return line.charAt(0).toUpperCase() + line.slice(1);
}

/** The mel of the sample with a play button on it and a line that moves while it sounds. */
function picture(voice, api) {
  const image = el("img", {
    src: voice.picture_url, loading: "lazy", decoding: "async", width: "480", height: "120",
    alt: `Mel spectrogram of a sentence spoken by ${voice.name}`,
    onload: () => frame.classList.add("drawn"),
  });
  const line = el("span.playhead", { "aria-hidden": "true" });
  const toggle = button("", {
    iconName: "play", label: `Play ${voice.name}`, kind: "primary", onclick: () => (state === "stopped" ? play() : filePlayer.stop()),
  });
  toggle.classList.add("round", "play");
  const frame = el("div.voice-picture", {}, el("div.voice-image", {}, image), line, toggle);
  let state = "stopped";

  function show(now) {
    state = now;
    frame.dataset.state = now;
    const sounds = now !== "stopped";
    relabel(toggle, { iconName: sounds ? "stop" : "play", label: `${sounds ? "Stop" : "Play"} ${voice.name}` });
    if (now === "playing") follow();
  }

  function follow() {
    if (state !== "playing") return;
    line.style.left = `${100 * filePlayer.fraction}%`;
    requestAnimationFrame(follow);
  }

  async function play() {
    try {
      await filePlayer.play(voice.sample_url, show);
    } catch (error) {
      await explain(error);
    }
  }

  /** A player says only that it failed; asking for the file again gives the reason. */
  async function explain(error) {
    try {
      await api.send(voice.sample_url);
      toast(`The sample of ${voice.name} cannot be played in this browser.`, { kind: "error" });
    } catch (reason) {
      toast(sentenceOf(reason ?? error), { kind: "error" });
    }
  }

  return frame;
}
