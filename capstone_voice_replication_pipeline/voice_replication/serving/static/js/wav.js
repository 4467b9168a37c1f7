// WAV files out of recorded samples, so that nothing but the browser is needed to make one.

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
