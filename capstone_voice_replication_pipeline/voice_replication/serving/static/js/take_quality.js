// What can be said about a recording before it is sent: length, level, noise, clipping.
// The server measures again and decides; this is here so that nobody uploads what it will refuse.

const FRAME_SECONDS = 0.02;
const ABOVE_FLOOR_DB = 12; // what is louder than the room by this much is taken for a voice
const CLIPPED = 0.999;

const TOO_QUIET_DBFS = -42; // of the voice
const TOO_NOISY_DB = 15; // between voice and room
const MAX_CLIPPED_SHARE = 0.001;

const decibels = (power) => 10 * Math.log10(Math.max(power, 1e-12));

/** Mean power of `samples`. */
export function powerOf(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length ? sum / samples.length : 0;
}

export function peakOf(samples) {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}

/** Level of a block for the meter: `{levelDbfs, peakDbfs}`. */
export function blockLevel(samples) {
  return { levelDbfs: decibels(powerOf(samples)), peakDbfs: 2 * decibels(peakOf(samples)) };
}

function framePowers(samples, sampleRate) {
  const size = Math.round(FRAME_SECONDS * sampleRate);
  const powers = [];
  for (let at = 0; at + size <= samples.length; at += size) {
    powers.push(powerOf(samples.subarray(at, at + size)));
  }
  return powers;
}

/**
 * Measure a recording: `{seconds, speechSeconds, levelDbfs, snrDb, clippedShare, remarks}`.
 * The quietest tenth of the frames is taken for the room.
 */
export function measure(samples, sampleRate) {
  const powers = framePowers(samples, sampleRate);
  const sorted = [...powers].sort((a, b) => a - b);
  const room = sorted[Math.floor(sorted.length / 10)] ?? 0;
  const threshold = Math.max(room, 1e-9) * 10 ** (ABOVE_FLOOR_DB / 10);
  const voiced = powers.filter((power) => power > threshold);
  const voice = voiced.reduce((sum, power) => sum + power, 0) / Math.max(1, voiced.length);
  let clipped = 0;
  for (const sample of samples) if (Math.abs(sample) >= CLIPPED) clipped += 1;
  const found = {
    seconds: samples.length / sampleRate,
    speechSeconds: voiced.length * FRAME_SECONDS,
    levelDbfs: decibels(voice),
    snrDb: decibels(voice) - decibels(room),
    clippedShare: samples.length ? clipped / samples.length : 0,
  };
  return { ...found, remarks: remarksOn(found) };
}

function remarksOn({ speechSeconds, levelDbfs, snrDb, clippedShare }) {
  if (speechSeconds < 0.3) return ["No voice can be heard in it. Check the microphone and record again."];
  const remarks = [];
  if (clippedShare > MAX_CLIPPED_SHARE) {
    remarks.push("It is clipped: too loud for the microphone. Turn it down or move away, and record again.");
  }
  if (levelDbfs < TOO_QUIET_DBFS) remarks.push("It is very quiet. Come closer or turn the microphone up.");
  if (snrDb < TOO_NOISY_DB) {
    remarks.push(`The noise is only ${Math.round(snrDb)} dB below the voice. A quieter room will do better.`);
  }
  return remarks;
}

/** The samples of an audio file, mixed to one channel, or null where the browser cannot read it. */
export async function decodeFile(file) {
  const context = new OfflineAudioContext(1, 1, 48000);
  try {
    const buffer = await context.decodeAudioData(await file.arrayBuffer());
    const mono = new Float32Array(buffer.length);
    for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
      const data = buffer.getChannelData(channel);
      for (let i = 0; i < mono.length; i += 1) mono[i] += data[i] / buffer.numberOfChannels;
    }
    return { samples: mono, sampleRate: buffer.sampleRate };
  } catch {
    return null; // the server reads more formats than the browser
  }
}
