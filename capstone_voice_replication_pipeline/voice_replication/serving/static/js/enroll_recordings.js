// The recordings of a new voice: takes from the microphone and files, each with what is to be said
// about it.

import { filePlayer } from "./audio.js";
import { formatSeconds, plural } from "./format.js";
import { PROMPTS } from "./prompts.js";
import { decodeFile, measure } from "./take_quality.js";
import { takeRecorder } from "./take_recorder.js";
import { announce, button, dropZone, el, icon, relabel, toast } from "./ui.js";
import { encodeWav } from "./wav.js";

const NEEDED_SECONDS = 3; // of speech, as the server asks for

/** Part of the enroll dialog. */
export function recordingsPart() {
  const takes = []; // {blob, name, title, url, quality, recorded, prompt}
  let prompt = 0;
  const list = el("ul.takes", { role: "list", "aria-label": "Recordings" });
  const total = el("p.small.numbers", { role: "status" });
  const error = el("p.field-error", { role: "alert" });
  const recorder = takeRecorder({
    label: "Record",
    extra: button("", { iconName: "again", label: "Another text", kind: "ghost", onclick: () => showPrompt(prompt + 1) }),
    onTake: ({ samples, sampleRate }) => {
      const quality = measure(samples, sampleRate);
      const blob = encodeWav(samples, sampleRate);
      const number = 1 + takes.filter((take) => take.recorded).length;
      add({ blob, name: `take-${number}.wav`, title: `Take ${number}`, quality, recorded: true, prompt });
      if (quality.remarks.length === 0) showPrompt(prompt + 1);
    },
  });

  function showPrompt(number) {
    prompt = number % PROMPTS.length;
    recorder.setPrompt(PROMPTS[prompt]);
  }

  function add(take) {
    takes.push({ ...take, url: URL.createObjectURL(take.blob) });
    error.textContent = "";
    render();
  }

  function remove(take, { again = false } = {}) {
    const place = takes.indexOf(take);
    filePlayer.stop();
    URL.revokeObjectURL(take.url);
    takes.splice(place, 1);
    render();
    if (again) {
      showPrompt(take.prompt);
      recorder.toggle.click();
      recorder.toggle.focus();
    } else {
      announce(`${take.title} was removed.`);
      (list.children[Math.min(place, takes.length - 1)]?.querySelector("button") ?? recorder.toggle).focus();
    }
  }

  function render() {
    list.replaceChildren(...takes.map((take) => takeItem(take, remove)));
    list.hidden = takes.length === 0;
    const known = takes.every((take) => take.quality);
    const seconds = takes.reduce((sum, take) => sum + (take.quality?.speechSeconds ?? 0), 0);
    if (takes.length === 0) total.textContent = `At least ${NEEDED_SECONDS} seconds of speech are needed.`;
    else if (!known) total.textContent = plural(takes.length, "recording");
    else if (seconds < NEEDED_SECONDS) total.textContent = `${formatSeconds(seconds)} of speech so far; at least ${NEEDED_SECONDS} s are needed.`;
    else total.textContent = `${plural(takes.length, "recording")}, ${formatSeconds(seconds)} of speech.`;
  }

  async function addFiles(files) {
    for (const file of files) {
      const decoded = await decodeFile(file);
      const quality = decoded && measure(decoded.samples, decoded.sampleRate);
      add({ blob: file, name: file.name, title: file.name, quality, recorded: false });
    }
    if (files.length) announce(`${plural(files.length, "file")} added.`);
  }

  showPrompt(0);
  render();
  return {
    node: el("section.enroll-part", { "aria-labelledby": "enroll-recordings" },
      el("h3", { id: "enroll-recordings" }, "Recordings"),
      el("p.small", {}, "Read this aloud in a quiet room, a hand’s width from the microphone."),
      recorder.node,
      dropZone({ text: "Or add sound files", hint: "Drop them here or choose: WAV, FLAC, MP3, OGG.", accept: "audio/*,.wav,.flac,.ogg,.opus,.mp3,.m4a", onFiles: addFiles }),
      list, total, error),
    fields: ["audio_sample"],
    addFiles,
    files: () => takes.map(({ blob, name }) => ({ blob, name })),
    hasRecorded: () => takes.some((take) => take.recorded),
    missing() {
      error.textContent = takes.length ? "" : "Record something or choose a file.";
      return takes.length ? null : recorder.toggle;
    },
    refuse(_, sentence) {
      error.textContent = sentence;
      (list.querySelector("button") ?? recorder.toggle).focus();
      return false;
    },
    close() {
      filePlayer.stop();
      recorder.stop({ discard: true });
      for (const take of takes) URL.revokeObjectURL(take.url);
    },
  };
}

function takeItem(take, remove) {
  const { title, quality, url } = take;
  const facts = quality
    ? `${formatSeconds(quality.seconds)}, noise ${Math.max(0, Math.round(quality.snrDb))} dB below the voice`
    : "This browser cannot read it; the server will.";
  const listen = button("", { iconName: "play", label: `Play ${title}`, kind: "ghost", onclick: toggle });
  let state = "stopped";

  async function toggle() {
    if (state !== "stopped") return filePlayer.stop();
    try {
      await filePlayer.play(url, (now) => {
        state = now;
        const sounds = now !== "stopped";
        relabel(listen, { iconName: sounds ? "stop" : "play", label: `${sounds ? "Stop" : "Play"} ${title}` });
      });
    } catch {
      toast(`${title} cannot be played in this browser.`, { kind: "error" });
    }
  }

  return el("li.take", {},
    el("div.row", {}, listen,
      el("div.take-facts", {}, el("p.take-title", {}, title), el("p.small.numbers", {}, facts)),
      take.recorded ? button("", { iconName: "again", label: `Record ${title} again`, kind: "ghost", onclick: () => remove(take, { again: true }) }) : null,
      button("", { iconName: "trash", label: `Remove ${title}`, kind: "ghost", onclick: () => remove(take) })),
    (quality?.remarks ?? []).map((remark) => el("p.notice.warn", {}, icon("warning"), el("span", {}, remark))));
}
