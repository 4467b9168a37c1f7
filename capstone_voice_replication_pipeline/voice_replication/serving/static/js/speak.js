// The view "Speak": a text, a voice, and sound while the rest is being made.

import { ApiError, sentenceOf } from "./api.js";
import { formatSeconds, plural } from "./format.js";
import { historyList } from "./speak_history.js";
import { SoundPicture } from "./sound_picture.js";
import { SpeechTake } from "./speech_take.js";
import { announce, button, el, field, relabel, saveAs, toast } from "./ui.js";
import { allVoices, voiceSelect } from "./voice_list.js";

const FORMATS = [["mp3", "MP3"], ["wav", "WAV"], ["flac", "FLAC"], ["opus", "Opus"], ["aac", "AAC"]];
const DRAFT = "The harbor was quiet that morning, and a thin fog lay over the boats. Somebody had left a lantern burning at the end of the pier.";

/** Build the view inside `section`. */
export async function mount(section, api) {
  const form = speakForm(() => (busy() ? stop() : speak()));
  const stage = speechStage();
  const history = historyList({ onSelect: replay, onDownload: download });
  section.append(
    el("div.speak-grid", {}, form.node, el("div.speak-side", {}, stage.node, history.node)));
  let take = null; // the one on the stage

  const busy = () => take && (take.state === "waiting" || take.state === "arriving" || take.player.state === "playing");

  async function speak() {
    const request = form.read();
    if (!request) return;
    take?.cancel();
    const mine = new SpeechTake(request);
    onStage(mine);
    stage.node.scrollIntoView({ block: "nearest" }); // on a phone it is below the form
    announce(`Speaking as ${mine.voice.name}.`);
    try {
      await mine.speak(api, () => mine === take && stage.update());
    } catch (error) {
      form.refuse(error);
    }
    if (mine.playable) history.add(mine);
    if (mine === take) stage.update();
    form.showBusy(busy());
  }

  /** Show `next` and follow what it does. */
  function onStage(next) {
    if (take) take.player.onState = () => {};
    take = next;
    take.player.onState = () => {
      form.showBusy(busy());
      stage.update();
    };
    stage.show(take);
    form.showBusy(true);
  }

  function stop() {
    take.cancel();
    form.showBusy(false);
    announce("Stopped.");
  }

  function replay(chosen) {
    if (take !== chosen) {
      take?.cancel();
      onStage(chosen);
    }
    chosen.player.play();
  }

  async function download(chosen, control) {
    control.disabled = true;
    try {
      const { blob, name } = await chosen.file(api, stage.format());
      const url = URL.createObjectURL(blob);
      saveAs(url, name);
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      announce(`${name} was saved.`);
    } catch (error) {
      toast(sentenceOf(error), { kind: "error" });
    } finally {
      control.disabled = false;
    }
  }

  stage.onDownload = download;
  section.addEventListener("view:hide", () => take?.player.pause());
  section.addEventListener("view:show", (event) => form.choose(event.detail.get("voice")));
  try {
    await allVoices();
  } catch (error) {
    toast(sentenceOf(error), { kind: "error" });
  }
}

/** Text, voice, speed, format, and the button. */
function speakForm(onSubmit) {
  const count = el("output.small.numbers", { "aria-label": "Length of the text" });
  const text = field("Text", el("textarea.speak-text", { rows: "7", lang: "en", spellcheck: "true", placeholder: "What shall be said?" }));
  text.control.value = DRAFT;
  const voice = field("Voice", voiceSelect());
  const speedValue = el("output.numbers", {}, "1.00×");
  const speed = field("Speed", el("input", { type: "range", min: "0.5", max: "2", step: "0.05", value: "1" }));
  const go = button("Speak", { iconName: "play", kind: "primary", onclick: onSubmit });
  go.classList.add("speak-button");

  text.node.querySelector("label").after(count);
  text.node.classList.add("speak-text-field");
  speed.node.querySelector("label").append(" ", speedValue);
  speed.control.addEventListener("input", () => {
    speedValue.textContent = `${Number(speed.control.value).toFixed(2)}×`;
    speed.control.setAttribute("aria-valuetext", `${speed.control.value} times`);
  });
  const showCount = () => {
    count.textContent = plural([...text.control.value].length, "character");
    text.setError("");
  };
  text.control.addEventListener("input", showCount);
  text.control.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSubmit();
  });
  showCount();

  return {
    node: el("div.card.panel.speak-form", {}, text.node,
      el("div.speak-options", {}, voice.node, speed.node),
      el("div.row", {}, go, el("span.hint.shortcut", {}, "Ctrl + Enter"))),
    choose: (id) => {
      if (id) voice.control.value = id;
    },
    /** What to speak, or null after saying what is missing. */
    read() {
      const { value } = text.control;
      if (value.trim() === "") text.setError("Type what shall be spoken.");
      if (voice.control.value === "") voice.setError("Choose a voice; the view Voices makes one.");
      else voice.setError("");
      if (text.control.getAttribute("aria-invalid")) {
        text.control.focus();
        return null;
      }
      const chosen = voice.control.selectedOptions[0];
      if (!chosen) return null;
      return { text: value, voice: { id: chosen.value, name: chosen.textContent }, speed: Number(speed.control.value) };
    },
    refuse(error) {
      const place = error instanceof ApiError && { input: text, voice, speed }[error.field];
      const hint = error.code === "too_large" ? " The view Narrate takes whole books." : "";
      if (place) place.setError(sentenceOf(error) + hint);
      else toast(sentenceOf(error), { kind: "error" });
    },
    showBusy(busy) {
      relabel(go, busy ? { iconName: "stop", text: "Stop" } : { iconName: "play", text: "Speak" });
    },
  };
}

/** What is being spoken: picture, words, a slider to seek, play and download. */
function speechStage() {
  const picture = new SoundPicture("Waveform and mel spectrogram of the speech");
  const empty = el("p.empty", {}, "The waveform, the spectrogram and the words appear here.");
  const words = el("div.stage-words");
  const seek = el("input.seek", { type: "range", min: "0", max: "1", step: "0.01", value: "0", "aria-label": "Position" });
  const clock = el("output.small.numbers.stage-clock", { "aria-label": "Time" });
  const facts = el("p.small.numbers", {});
  const toggle = button("", { iconName: "play", label: "Play", onclick: () => act() });
  const save = button("Download", { iconName: "download", onclick: () => stage.onDownload(take, save) });
  const format = el("select.format", { "aria-label": "Format of downloads" },
    FORMATS.map(([value, name]) => el("option", { value }, name)));
  const content = el("div.stage-content", { hidden: true }, picture.canvas,
    el("div.stage-controls", {}, toggle, seek, clock), words,
    el("div.row.spread", {}, facts, el("div.row", {}, format, save)));
  let take = null;
  let frame = 0;

  function act() {
    const { player } = take;
    if (player.state === "playing") player.pause();
    else if (player.state === "paused") player.resume();
    else player.play(Number(seek.value) < take.player.seconds - 0.05 ? Number(seek.value) : 0);
  }

  seek.addEventListener("input", () => take.player.play(Number(seek.value)));
  picture.canvas.addEventListener("click", (event) => {
    const at = (event.offsetX / picture.canvas.clientWidth) * take.seconds;
    if (at < take.player.seconds) take.player.play(at);
  });

  function draw() {
    cancelAnimationFrame(frame);
    const { player, seconds } = take;
    const { position } = player;
    picture.show(take.spectrum, { position, seconds, sampleRate: take.sampleRate });
    take.words.light(position);
    seek.max = String(seconds);
    seek.value = String(position);
    seek.setAttribute("aria-valuetext", formatSeconds(position));
    clock.textContent = `${position.toFixed(1)} / ${take.player.seconds.toFixed(1)} s`;
    const sounds = player.state === "playing";
    toggle.disabled = !take.playable;
    if (toggle.dataset.sounds !== String(sounds)) {
      toggle.dataset.sounds = String(sounds);
      relabel(toggle, sounds ? { iconName: "pause", label: "Pause" } : { iconName: "play", label: "Play" });
    }
    if (sounds) frame = requestAnimationFrame(draw);
  }

  const stage = {
    node: el("section.card.stage", { "aria-label": "What is spoken" }, empty, content),
    onDownload: () => {},
    format: () => format.value,
    show(next) {
      take = next;
      empty.hidden = true;
      content.hidden = false;
      words.replaceChildren(take.words.node);
      stage.update();
    },
    update() {
      const known = [`${take.voice.name}${take.speed === 1 ? "" : `, ${take.speed.toFixed(2)}×`}`];
      if (take.state === "waiting") known.push("waiting for the first sound");
      if (take.state === "stopped") known.push("stopped");
      facts.textContent = known.join(" · ");
      save.disabled = take.state !== "complete";
      draw();
    },
  };
  return stage;
}
