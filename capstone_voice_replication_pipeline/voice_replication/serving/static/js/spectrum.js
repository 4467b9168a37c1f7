// From samples to what is drawn: peaks for the waveform and a log-mel spectrogram, piece by piece.

const WINDOW = 1024; // samples, 43 ms at 24 kHz
export const HOP = 256; // samples between columns
export const BANDS = 80;
const FLOOR_DB = -80; // drawn as silence
const CEILING_DB = -5; // drawn as the loudest

const toMel = (hertz) => 2595 * Math.log10(1 + hertz / 700);
const toHertz = (mel) => 700 * (10 ** (mel / 2595) - 1);

/** In-place FFT of `re + i im`, both of the same power of two in length. */
export function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i += 1) { // bit-reversed order
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    for (let k = 0; k < half; k += 1) {
      const angle = (-2 * Math.PI * k) / size;
      const [wr, wi] = [Math.cos(angle), Math.sin(angle)];
      for (let a = k; a < n; a += size) {
        const b = a + half;
        const tr = re[b] * wr - im[b] * wi;
        const ti = re[b] * wi + im[b] * wr;
        re[b] = re[a] - tr;
        im[b] = im[a] - ti;
        re[a] += tr;
        im[a] += ti;
      }
    }
  }
}

/** For each band the first bin and the triangle's weights from there. */
function melBands(sampleRate) {
  const top = toMel(sampleRate / 2);
  const edges = Array.from({ length: BANDS + 2 }, (_, i) => toHertz((top * i) / (BANDS + 1)));
  const hertz = sampleRate / WINDOW; // between bins
  return Array.from({ length: BANDS }, (_, band) => {
    const [low, middle, high] = edges.slice(band, band + 3);
    const first = Math.max(0, Math.ceil(low / hertz));
    const last = Math.min(WINDOW / 2, Math.floor(high / hertz));
    const weights = [];
    for (let bin = first; bin <= last; bin += 1) {
      const at = bin * hertz;
      weights.push(at < middle ? (at - low) / (middle - low) : (high - at) / (high - middle));
    }
    if (!weights.some((weight) => weight > 0)) { // narrower than the bins are apart
      return { first: Math.min(WINDOW / 2, Math.round(middle / hertz)), weights: [1] };
    }
    return { first, weights };
  });
}

/** Takes samples as they come and keeps a column of the picture for every HOP of them. */
export class Spectrum {
  constructor(sampleRate) {
    this.bands = melBands(sampleRate);
    this.window = Float32Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
    this.tail = new Float32Array(WINDOW - HOP); // what the next window begins with; silence at first
    this.pending = new Float32Array(0);
    this.columns = []; // Uint8Array(BANDS), 0 silence .. 255 loudest
    this.peaks = []; // 0..1 per column
  }

  push(samples) {
    const all = new Float32Array(this.pending.length + samples.length);
    all.set(this.pending);
    all.set(samples, this.pending.length);
    let at = 0;
    for (; at + HOP <= all.length; at += HOP) this.#column(all.subarray(at, at + HOP));
    this.pending = all.slice(at);
  }

  #column(fresh) {
    let peak = 0;
    for (const sample of fresh) peak = Math.max(peak, Math.abs(sample));
    this.peaks.push(peak);
    const re = new Float32Array(WINDOW);
    re.set(this.tail);
    re.set(fresh, WINDOW - HOP);
    this.tail = re.slice(HOP);
    for (let i = 0; i < WINDOW; i += 1) re[i] *= this.window[i];
    const im = new Float32Array(WINDOW);
    fft(re, im);
    this.columns.push(Uint8Array.from(this.bands, ({ first, weights }) => {
      let power = 0;
      weights.forEach((weight, i) => {
        power += weight * (re[first + i] ** 2 + im[first + i] ** 2);
      });
      const level = 10 * Math.log10(power / (WINDOW / 4) ** 2 + 1e-12);
      return 255 * Math.min(1, Math.max(0, (level - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
    }));
  }
}
