// Plays the chapters of a book one after the other: pause, seek, and go on with the next.

import { takeTheFloor } from "./audio.js";
import { formatSeconds } from "./format.js";
import { button, el, relabel, toast } from "./ui.js";

/** `onChange(name, sounds)`: which file is open, and whether it sounds. */
export class ChapterPlayer {
  constructor({ onChange }) {
    this.onChange = onChange;
    this.files = [];
    this.current = null;
    this.audio = new Audio();
    this.audio.preload = "none";
    this.button = button("", { iconName: "play", label: "Play", onclick: () => this.toggle() });
    this.title = el("span.chapter-title");
    this.seek = el("input", { type: "range", min: "0", step: "0.1", value: "0", "aria-label": "Position in the chapter" });
    this.clock = el("output.small.numbers");
    this.node = el("div.chapter-player", { hidden: true, role: "group", "aria-label": "Player" },
      this.button, el("div.chapter-track", {},
        el("div.row.spread", {}, this.title, this.clock), this.seek));
    this.seek.addEventListener("input", () => this.#seekTo(Number(this.seek.value)));
    for (const event of ["play", "pause"]) this.audio.addEventListener(event, () => this.#tell());
    this.audio.addEventListener("timeupdate", () => this.#showTime());
    this.audio.addEventListener("ended", () => this.#next());
    this.audio.addEventListener("error", () => this.#failed());
  }

  setFiles(files) {
    this.files = files;
  }

  /** Play or pause the file `name` (default: the one that is open). */
  toggle(name = this.current?.name) {
    const file = this.files.find((one) => one.name === name);
    if (!file) return;
    if (this.current?.name !== name) this.#open(file);
    else if (!this.audio.paused) {
      this.audio.pause();
      return;
    }
    this.#play();
  }

  /** Fall silent, at this place. */
  stop() {
    this.audio.pause();
  }

  #open(file) {
    this.current = file;
    this.audio.src = file.url;
    this.title.textContent = file.title;
    this.seek.max = String(file.seconds);
    this.node.hidden = false;
    this.#showTime();
  }

  async #play() {
    takeTheFloor(this);
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError" && error.name !== "NotSupportedError") throw error;
    }
  }

  #seekTo(seconds) {
    this.audio.currentTime = seconds;
    this.#showTime();
  }

  #next() {
    const place = this.files.findIndex((file) => file.name === this.current.name);
    const next = this.files[place + 1];
    if (!next) return;
    this.#open(next);
    this.#play();
  }

  #failed() {
    if (!this.audio.getAttribute("src")) return;
    toast(`${this.current.title} cannot be played here. Download it instead.`, { kind: "error" });
  }

  #tell() {
    const sounds = !this.audio.paused;
    relabel(this.button, sounds ? { iconName: "pause", label: "Pause" } : { iconName: "play", label: "Play" });
    this.onChange(this.current?.name ?? null, sounds);
  }

  #showTime() {
    const { currentTime } = this.audio;
    this.seek.value = String(currentTime);
    this.clock.textContent = `${formatSeconds(currentTime)} / ${formatSeconds(this.current.seconds)}`;
    this.seek.setAttribute("aria-valuetext", `${formatSeconds(currentTime)} of ${formatSeconds(this.current.seconds)}`);
  }
}
