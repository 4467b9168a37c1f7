// Runs beside the sound card: hands over what the microphone hears in blocks of about 43 ms.

const BLOCK = 2048; // samples

class TakeRecorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK);
    this.filled = 0;
  }

  process([input]) {
    const heard = input[0];
    if (!heard) return true; // the microphone is not connected yet
    let taken = 0;
    while (taken < heard.length) {
      const count = Math.min(heard.length - taken, BLOCK - this.filled);
      this.block.set(heard.subarray(taken, taken + count), this.filled);
      this.filled += count;
      taken += count;
      if (this.filled === BLOCK) {
        this.port.postMessage(this.block, [this.block.buffer]);
        this.block = new Float32Array(BLOCK);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("take-recorder", TakeRecorder);
