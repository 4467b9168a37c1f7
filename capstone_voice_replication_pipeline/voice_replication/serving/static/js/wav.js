// WAV files: made from recorded samples, and given the sizes that a streamed one could not know.

/** Mono samples in -1..1 as a 16-bit WAV file. */
export function encodeWav(samples, sampleRate) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, characters) => {
    for (let i = 0; i < characters.length; i += 1) bytes.setUint8(at + i, characters.charCodeAt(i));
  };
  text(0, "RIFF");
  bytes.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true); // integer samples
  bytes.setUint16(22, 1, true); // one channel
  bytes.setUint32(24, sampleRate, true);
  bytes.setUint32(28, 2 * sampleRate, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, "data");
  bytes.setUint32(40, 2 * samples.length, true);
  for (let i = 0; i < samples.length; i += 1) {
    const value = Math.round(samples[i] * 32768);
    bytes.setInt16(44 + 2 * i, Math.max(-32768, Math.min(32767, value)), true);
  }
  return new Blob([bytes.buffer], { type: "audio/wav" });
}

const UNKNOWN_SIZE = 0xffffffff;

/** `buffer` (a WAV file that was streamed) with its true sizes written in. */
export function withSizes(buffer) {
  const bytes = new DataView(buffer);
  bytes.setUint32(4, buffer.byteLength - 8, true);
  for (let at = 12; at + 8 <= buffer.byteLength; ) {
    const size = bytes.getUint32(at + 4, true);
    if (size === UNKNOWN_SIZE) {
      bytes.setUint32(at + 4, buffer.byteLength - at - 8, true);
      break;
    }
    at += 8 + size + (size % 2);
  }
  return buffer;
}
