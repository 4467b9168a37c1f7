// Draws a sound while it plays: waveform above, mel below. What was heard is in full color, what has
// arrived but was not heard yet is faint. Colors are the tokens --mel-0 .. --mel-3 of the sheet.

import { BANDS, HOP } from "./spectrum.js";
import { el } from "./ui.js";

const WAVE_SHARE = 0.34; // of the height
const FAINT = 0.35;
const BAR = 3; // pixels from one bar of the waveform to the next

/** A canvas for one sound at a time: `show(spectrum, {position, seconds, sampleRate})`. */
export class SoundPicture {
  constructor(label) {
    this.canvas = el("canvas.sound-picture", { role: "img", "aria-label": label });
    this.mel = document.createElement("canvas"); // one pixel a column and band, scaled when drawn
    this.mel.height = BANDS;
    this.painted = 0; // columns that are in `mel`
    this.spectrum = null;
    this.colors = null;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#recolor());
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
  }

  /** Draw; `position` seconds were heard of a sound that will be about `seconds` long. */
  show(spectrum, view) {
    if (spectrum !== this.spectrum) {
      this.spectrum = spectrum;
      this.painted = 0;
    }
    this.view = view;
    this.redraw();
  }

  redraw() {
    if (!this.spectrum || !this.view || !this.canvas.clientWidth) return;
    this.colors ??= readColors(this.canvas);
    this.#paintNewColumns();
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const { position, seconds, sampleRate } = this.view;
    const columns = this.spectrum.columns.length;
    const pixelsPerColumn = (width * HOP) / (sampleRate * Math.max(seconds, 0.1));
    const heardX = Math.min(width, (width * position) / Math.max(seconds, 0.1));
    this.#drawMel(pen, columns, pixelsPerColumn, heardX, width, height);
    this.#drawWave(pen, columns, pixelsPerColumn, heardX, height * WAVE_SHARE);
    pen.fillStyle = this.colors.line;
    pen.fillRect(Math.min(heardX, width - 2), 0, 2, height);
  }

  #drawMel(pen, columns, pixelsPerColumn, heardX, width, height) {
    const top = height * WAVE_SHARE + 8;
    pen.fillStyle = this.colors.ground;
    pen.fillRect(0, top, width, height - top);
    if (columns === 0) return;
    pen.imageSmoothingEnabled = true;
    for (const [from, to, alpha] of [[0, heardX, 1], [heardX, width, FAINT]]) {
      if (to <= from) continue;
      pen.save();
      pen.beginPath();
      pen.rect(from, top, to - from, height - top);
      pen.clip();
      pen.globalAlpha = alpha;
      pen.drawImage(this.mel, 0, 0, columns, BANDS, 0, top, columns * pixelsPerColumn, height - top);
      pen.restore();
    }
  }

  #drawWave(pen, columns, pixelsPerColumn, heardX, height) {
    const { peaks } = this.spectrum;
    const end = columns * pixelsPerColumn;
    pen.fillStyle = this.colors.wave;
    for (let x = 0; x < end; x += BAR) {
      const from = Math.floor(x / pixelsPerColumn);
      const to = Math.max(from + 1, Math.floor((x + BAR) / pixelsPerColumn));
      let peak = 0;
      for (let i = from; i < to && i < columns; i += 1) peak = Math.max(peak, peaks[i]);
      const tall = Math.max(1.5, Math.min(1, peak * 1.35) * height);
      pen.globalAlpha = x < heardX ? 1 : FAINT;
      pen.fillRect(x, (height - tall) / 2, BAR - 1, tall);
    }
    pen.globalAlpha = 1;
  }

  #paintNewColumns() {
    const { columns } = this.spectrum;
    if (columns.length > this.mel.width || this.painted === 0) {
      this.mel.width = Math.max(512, 2 ** Math.ceil(Math.log2(columns.length + 1))); // this clears it
      this.painted = 0;
    }
    const count = columns.length - this.painted;
    if (count <= 0) return;
    const image = new ImageData(count, BANDS);
    for (let x = 0; x < count; x += 1) {
      const column = columns[this.painted + x];
      for (let band = 0; band < BANDS; band += 1) {
        const at = 4 * ((BANDS - 1 - band) * count + x);
        image.data.set(this.colors.map.subarray(4 * column[band], 4 * column[band] + 4), at);
      }
    }
    this.mel.getContext("2d").putImageData(image, this.painted, 0);
    this.painted = columns.length;
  }

  #recolor() {
    this.colors = null;
    this.painted = 0;
    this.redraw();
  }
}

function readColors(node) {
  const style = getComputedStyle(node);
  const token = (name) => style.getPropertyValue(name).trim();
  const stops = [0, 1, 2, 3].map((i) => channels(token(`--mel-${i}`)));
  const map = new Uint8ClampedArray(4 * 256);
  for (let value = 0; value < 256; value += 1) {
    const at = (3 * value) / 255;
    const lower = Math.min(2, Math.floor(at));
    for (let c = 0; c < 3; c += 1) {
      map[4 * value + c] = stops[lower][c] + (at - lower) * (stops[lower + 1][c] - stops[lower][c]);
    }
    map[4 * value + 3] = 255;
  }
  return { map, ground: token("--mel-0"), wave: token("--accent"), line: token("--ink") };
}

/** "#0b6b5f" -> [11, 107, 95]. */
const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
