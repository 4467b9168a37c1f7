// One spoken text: asked for as a stream, playable from its first samples, kept for the session.

import { ApiError } from "./api.js";
import { StreamPlayer } from "./audio.js";
import { Spectrum } from "./spectrum.js";
import { WordTrack } from "./word_track.js";

const SAMPLE_RATE = 24000; // of response_format "pcm"
const CHARACTERS_PER_SECOND = 15; // a guess of the length, until it is known
const MODEL = "voiceclone-1";
const SUFFIXES = { opus: "ogg" };

/** 16-bit samples out of base64 pieces; a sample may be cut in two between them. */
class PcmDecoder {
  #odd = null;

  decode(base64) {
    const binary = atob(base64);
    const carried = this.#odd === null ? 0 : 1;
    const bytes = new Uint8Array(binary.length + carried);
    if (carried) bytes[0] = this.#odd;
    for (let i = 0; i < binary.length; i += 1) bytes[i + carried] = binary.charCodeAt(i);
    this.#odd = bytes.length % 2 ? bytes.at(-1) : null;
    const view = new DataView(bytes.buffer, 0, bytes.length - (bytes.length % 2));
    const samples = new Float32Array(view.byteLength / 2);
    for (let i = 0; i < samples.length; i += 1) samples[i] = view.getInt16(2 * i, true) / 32768;
    return samples;
  }
}

export class SpeechTake {
  /** `voice`: {id, name}. */
  constructor({ text, voice, speed }) {
    Object.assign(this, { text, voice, speed });
    this.player = new StreamPlayer(SAMPLE_RATE);
    this.spectrum = new Spectrum(SAMPLE_RATE);
    this.words = new WordTrack(text);
    this.state = "waiting"; // waiting, arriving, complete, stopped, failed
    this.sampleRate = SAMPLE_RATE;
    this.abort = new AbortController();
  }

  /** Seconds it will have: a guess until all of it has arrived. */
  get seconds() {
    if (this.state !== "waiting" && this.state !== "arriving") return this.player.seconds;
    return Math.max(this.text.length / CHARACTERS_PER_SECOND / this.speed, this.player.seconds, 1);
  }

  get playable() {
    return this.player.length > 0;
  }

  /** Ask for it and play it while it arrives; `onChange()` whenever there is something to show. */
  async speak(api, onChange) {
    const decoder = new PcmDecoder();
    const json = { ...this.#request(), response_format: "pcm", stream_format: "sse", words: true };
    let done = false;
    this.player.play();
    try {
      const stream = api.events("/v1/audio/speech", { method: "POST", json, signal: this.abort.signal });
      for await (const { data } of stream) {
        if (data.type === "speech.words.delta") this.words.add(data.words);
        if (data.type === "speech.audio.done") done = true;
        if (data.type !== "speech.audio.delta") continue;
        this.state = "arriving";
        const samples = decoder.decode(data.audio);
        this.player.push(samples);
        this.spectrum.push(samples);
        onChange();
      }
      if (!done) throw new ApiError("The server stopped in the middle. Try again.");
      this.state = "complete";
    } catch (error) {
      this.state = error.name === "AbortError" ? "stopped" : "failed";
      if (this.state === "failed") throw error;
    } finally {
      this.player.finish();
      onChange();
    }
  }

  /** Stop asking and playing; what has arrived can still be played. */
  cancel() {
    this.abort.abort();
    this.player.stop();
  }

  /** The whole of it as a file in `format`: `{blob, name}`. It says in its metadata what it is. */
  async file(api, format) {
    const whole = await api.post("/v1/audio/speech/timestamps", { ...this.#request(), response_format: format });
    const bytes = Uint8Array.from(atob(whole.audio), (character) => character.charCodeAt(0));
    return { blob: new Blob([bytes]), name: this.#fileName(format) };
  }

  #request() {
    return { model: MODEL, input: this.text, voice: this.voice.id, speed: this.speed };
  }

  #fileName(format) {
    const words = this.text.toLowerCase().match(/[a-z0-9]+/g) ?? ["speech"];
    return `${this.voice.id}-${words.slice(0, 5).join("-").slice(0, 48)}.${SUFFIXES[format] ?? format}`;
  }
}
