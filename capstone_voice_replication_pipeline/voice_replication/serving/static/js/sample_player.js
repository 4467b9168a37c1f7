// Plays the samples of one question. All of them are fetched before the first sounds, so that no
// system is given away by how long it takes to begin.

import { takeTheFloor } from "./audio.js";

/** `onChange()` after everything that happens; `sounding` and `heard` say what did. */
export class SamplePlayer {
  constructor(api, { onChange }) {
    this.api = api;
    this.onChange = onChange;
    this.audio = new Audio();
    this.ahead = new Map(); // address -> promise of a Blob
    this.addresses = new Map(); // label -> object URL
    this.sounding = null; // label
    this.heard = new Set(); // labels that were played to the end
    this.audio.addEventListener("ended", () => {
      this.heard.add(this.sounding);
      this.#become(null);
    });
  }

  /** Fetch `stimuli` of one question, and begin with those of `next`. Rejects when it fails. */
  async load(stimuli, next = []) {
    this.close();
    const blobs = await Promise.all(stimuli.map(({ url }) => this.#fetch(url)));
    stimuli.forEach(({ label }, place) => this.addresses.set(label, URL.createObjectURL(blobs[place])));
    this.ahead.clear();
    for (const { url } of next) this.#fetch(url).catch(() => this.ahead.delete(url));
  }

  #fetch(url) {
    if (!this.ahead.has(url)) {
      const blob = this.api.send(url).then((response) => response.blob());
      this.ahead.set(url, blob);
      blob.catch(() => this.ahead.delete(url));
    }
    return this.ahead.get(url);
  }

  get ready() {
    return this.addresses.size > 0;
  }

  /** Play `label` from its start, or fall silent if it sounds. */
  async toggle(label) {
    if (!this.addresses.has(label)) return;
    if (this.sounding === label) {
      this.stop();
      return;
    }
    takeTheFloor(this);
    this.audio.src = this.addresses.get(label);
    this.#become(label);
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name === "AbortError") return; // another sample was chosen
      this.stop();
      throw error;
    }
  }

  stop() {
    this.audio.pause();
    this.#become(null);
  }

  /** Forget the samples of this question. */
  close() {
    this.audio.pause();
    this.audio.removeAttribute("src");
    for (const address of this.addresses.values()) URL.revokeObjectURL(address);
    this.addresses.clear();
    this.heard.clear();
    this.sounding = null;
  }

  #become(label) {
    if (this.sounding === label) return;
    this.sounding = label;
    this.onChange();
  }
}
