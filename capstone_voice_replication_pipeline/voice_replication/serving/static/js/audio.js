// Playing sound: files one at a time, and a stream of samples while it is still arriving.

let playing = null; // whatever sounds now; starting something else stops it

/** Make `source` (with `stop()`) the one that sounds. */
export function takeTheFloor(source) {
  if (playing && playing !== source) playing.stop();
  playing = source; // null: nothing may sound
}

/** Plays one file at a time. `onChange(state)`: "loading", "playing", "stopped". */
export class FilePlayer {
  constructor() {
    this.audio = new Audio();
    this.onChange = () => {};
    this.audio.addEventListener("ended", () => this.stop());
    this.audio.addEventListener("playing", () => this.onChange("playing"));
  }

  /** Play `url`; a new call stops what sounded. Rejects when it cannot be played. */
  async play(url, onChange = () => {}) {
    this.stop();
    takeTheFloor(this);
    this.onChange = onChange;
    onChange("loading");
    this.audio.src = url;
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name === "AbortError") return; // stopped before it began
      this.stop();
      throw error;
    }
  }

  stop() {
    const told = this.onChange;
    this.onChange = () => {};
    this.audio.pause();
    this.audio.removeAttribute("src");
    told("stopped");
  }

  /** 0..1 of what plays, or 0. */
  get fraction() {
    return this.audio.duration > 0 ? this.audio.currentTime / this.audio.duration : 0;
  }
}

export const filePlayer = new FilePlayer();

let card = null;

/** The way to the loudspeaker, opened when first needed: browsers want a click before. */
function soundCard(sampleRate) {
  card ??= new AudioContext({ sampleRate });
  return card;
}

const LEAD_SECONDS = 0.06; // between handing over the first samples and hearing them

/**
 * Plays samples that arrive piece by piece, and keeps them: pause, seek and replay work at once.
 *
 * Every piece is scheduled right behind the one before it. When the stream is slower than the sound,
 * there is a gap and playing goes on with the next piece; `position` never counts a gap.
 */
export class StreamPlayer {
  constructor(sampleRate) {
    this.sampleRate = sampleRate;
    this.samples = new Float32Array(sampleRate * 8);
    this.length = 0; // samples that arrived
    this.complete = false; // nothing more will come
    this.state = "idle"; // idle, playing, paused, ended
    this.onState = () => {};
    this.spans = []; // {at: context time, from: sample, count} of what is scheduled
    this.nodes = new Set();
    this.startSample = 0;
  }

  get seconds() {
    return this.length / this.sampleRate;
  }

  /** Seconds of the sound that have been heard. */
  get position() {
    if (this.state === "ended") return this.seconds;
    if (this.state === "idle") return this.startSample / this.sampleRate;
    const device = soundCard(this.sampleRate);
    const now = device.currentTime - (device.outputLatency || 0); // what is heard, not what is handed over
    let heard = this.startSample;
    for (const span of this.spans) {
      if (span.at > now) break;
      heard = span.from + Math.min(span.count, (now - span.at) * this.sampleRate);
    }
    return heard / this.sampleRate;
  }

  /** Add samples in -1..1; they sound as soon as it is their turn. */
  push(piece) {
    while (this.length + piece.length > this.samples.length) {
      const larger = new Float32Array(this.samples.length * 2);
      larger.set(this.samples);
      this.samples = larger;
    }
    this.samples.set(piece, this.length);
    this.length += piece.length;
    if (this.state === "playing" || this.state === "paused") {
      this.#schedule(this.length - piece.length, piece.length);
    }
  }

  /** Nothing more will come. */
  finish() {
    this.complete = true;
    this.#endIfOver();
  }

  /** Play from `seconds` (default: the start). */
  async play(seconds = 0) {
    takeTheFloor(this);
    this.#drop();
    this.startSample = Math.min(this.length, Math.max(0, Math.round(seconds * this.sampleRate)));
    this.#become("playing");
    if (this.length > this.startSample) {
      this.#schedule(this.startSample, this.length - this.startSample);
    }
    await soundCard(this.sampleRate).resume();
    this.#endIfOver();
  }

  async pause() {
    if (this.state !== "playing") return;
    this.#become("paused");
    await soundCard(this.sampleRate).suspend();
  }

  async resume() {
    if (this.state !== "paused") return;
    takeTheFloor(this);
    this.#become("playing");
    await soundCard(this.sampleRate).resume();
  }

  /** Silence, and back to the start. */
  stop() {
    if (this.state === "idle") return;
    this.#drop();
    this.startSample = 0;
    this.#become("idle");
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    if (state === "idle" || state === "ended") soundCard(this.sampleRate).suspend(); // saves battery
    this.onState(state);
  }

  #drop() {
    for (const node of this.nodes) {
      node.onended = null;
      node.stop();
      node.disconnect();
    }
    this.nodes.clear();
    this.spans = [];
  }

  #schedule(from, count) {
    const device = soundCard(this.sampleRate);
    const buffer = device.createBuffer(1, count, this.sampleRate);
    buffer.copyToChannel(this.samples.subarray(from, from + count), 0);
    const node = device.createBufferSource();
    node.buffer = buffer;
    node.connect(device.destination);
    const last = this.spans.at(-1);
    const after = last ? last.at + last.count / this.sampleRate : 0;
    const at = after > device.currentTime ? after : device.currentTime + LEAD_SECONDS;
    node.onended = () => {
      this.nodes.delete(node);
      this.#endIfOver();
    };
    this.nodes.add(node);
    this.spans.push({ at, from, count });
    node.start(at);
  }

  #endIfOver() {
    if (this.complete && this.nodes.size === 0 && this.state === "playing") this.#become("ended");
  }
}
