// The microphone as a stream of samples. Echo cancellation and the like stay off: they change voices.

const WORKLET = "/static/js/recorder_worklet.js";
const CONSTRAINTS = {
  audio: {
    channelCount: 1,
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
  },
};

/** Why there is no microphone, as a sentence. */
function sentenceFor(error) {
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "The browser may not use the microphone. Allow it in the address bar, or choose files instead.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "No microphone was found. Connect one, or choose files instead.";
    case "NotReadableError":
      return "Another program is using the microphone. Close it, then try again.";
    default:
      return `The microphone could not be opened (${error.message || error.name}). Choose files instead.`;
  }
}

/** One recording: `start`, then `stop` for the samples. */
export class Recorder {
  constructor() {
    this.blocks = [];
    this.length = 0;
    this.ready = false;
  }

  /** Begin. `onBlock(samples, sampleRate)` about 23 times a second. Throws Error with a sentence. */
  async start(onBlock) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(
        "Browsers record only on a page that came over https or from this computer. Choose files instead.",
      );
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
    } catch (error) {
      throw new Error(sentenceFor(error));
    }
    this.context = new AudioContext();
    await this.context.resume();
    const source = this.context.createMediaStreamSource(this.stream);
    const tap = await this.#tap((block) => {
      this.blocks.push(block);
      this.length += block.length;
      onBlock(block, this.context.sampleRate);
    });
    const silent = this.context.createGain(); // a node runs only if it leads to the loudspeaker
    silent.gain.value = 0;
    source.connect(tap).connect(silent).connect(this.context.destination);
    this.ready = true;
  }

  get seconds() {
    return this.context ? this.length / this.context.sampleRate : 0;
  }

  /** End, and give the microphone back: `{samples, sampleRate}`. */
  async stop() {
    const { sampleRate } = this.context;
    for (const track of this.stream.getTracks()) track.stop();
    await this.context.close();
    const samples = new Float32Array(this.length);
    let at = 0;
    for (const block of this.blocks) {
      samples.set(block, at);
      at += block.length;
    }
    return { samples, sampleRate };
  }

  async #tap(onBlock) {
    if (this.context.audioWorklet) {
      await this.context.audioWorklet.addModule(WORKLET);
      const node = new AudioWorkletNode(this.context, "take-recorder");
      node.port.onmessage = (event) => onBlock(event.data);
      return node;
    }
    const node = this.context.createScriptProcessor(2048, 1, 1); // browsers before 2021
    node.onaudioprocess = (event) => onBlock(new Float32Array(event.inputBuffer.getChannelData(0)));
    return node;
  }
}
