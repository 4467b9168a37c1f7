// The part of a dialog that records: a text to read, a level meter, a clock, one button.

import { takeTheFloor } from "./audio.js";
import { Recorder } from "./recorder.js";
import { blockLevel } from "./take_quality.js";
import { announce, button, el, relabel } from "./ui.js";

const METER_RANGE_DB = 60;
const TOO_LOUD_DBFS = -1; // of a peak
const QUIET_DBFS = -45; // louder than this is taken for somebody speaking
const QUIET_AFTER_SECONDS = 2.5;
const MAX_SECONDS = 120;

/**
 * `{node, setPrompt(text), stop()}`. `onTake({samples, sampleRate})` after every recording;
 * `label` names the button;
 * `extra` is a control beside the text.
 */
export function takeRecorder({ label, onTake, extra = null }) {
  const prompt = el("p.prompt", { tabindex: "-1" });
  const clock = el("output.take-clock", { "aria-label": "Length of the recording" }, "0.0 s");
  const bar = el("span.meter-bar");
  const peak = el("span.meter-peak");
  const meter = el("div.meter", {
    role: "meter", "aria-label": "Level of the microphone", "aria-valuemin": String(-METER_RANGE_DB),
    "aria-valuemax": "0", "aria-valuenow": String(-METER_RANGE_DB), "aria-valuetext": "silent",
  }, bar, peak);
  const advice = el("p.take-advice", { role: "status" });
  const toggle = button(label, { iconName: "record", kind: "primary", onclick: () => (recorder ? stop() : start()) });
  const node = el("div.take-recorder", {}, el("div.prompt-row", {}, prompt, extra), meter,
    el("div.row", {}, toggle, clock), advice);
  let recorder = null;
  let loudAt = 0; // seconds at which somebody was last heard

  const advise = (sentence, kind = "") => {
    if (advice.textContent !== sentence) advice.textContent = sentence;
    advice.className = `take-advice ${kind}`;
  };

  function show(block) {
    const { levelDbfs, peakDbfs } = blockLevel(block);
    const share = (level) => Math.min(1, Math.max(0, 1 + level / METER_RANGE_DB));
    bar.style.transform = `scaleX(${share(levelDbfs)})`;
    peak.style.left = `${100 * share(peakDbfs)}%`;
    meter.classList.toggle("too-loud", peakDbfs > TOO_LOUD_DBFS);
    meter.setAttribute("aria-valuenow", String(Math.round(Math.max(-METER_RANGE_DB, levelDbfs))));
    meter.setAttribute("aria-valuetext", `${Math.round(levelDbfs)} decibels`);
    const { seconds } = recorder;
    clock.textContent = `${seconds.toFixed(1)} s`;
    if (levelDbfs > QUIET_DBFS) loudAt = seconds;
    if (peakDbfs > TOO_LOUD_DBFS) advise("Too loud: move away from the microphone or turn it down.", "warn");
    else if (seconds - loudAt > QUIET_AFTER_SECONDS) advise("Hardly anything is heard. Come closer, or stop here.", "warn");
    else if (seconds - loudAt === 0) advise("Recording. Read the text at your own pace.");
    if (seconds > MAX_SECONDS) stop();
  }

  async function start() {
    takeTheFloor(null); // a sample that sounds would be recorded
    const mine = new Recorder();
    recorder = mine;
    loudAt = 0;
    advise("Waiting for the microphone.");
    try {
      await mine.start((block) => recorder === mine && show(block));
    } catch (error) {
      if (recorder === mine) {
        recorder = null;
        advise(error.message, "error");
      }
      return;
    }
    if (recorder !== mine) { // stopped while the browser still asked for the microphone
      await mine.stop();
      return;
    }
    node.classList.add("recording");
    relabel(toggle, { iconName: "stop", text: "Stop" });
    advise("Recording. Read the text at your own pace.");
  }

  /** End the recording and hand it over; `discard`: throw it away. */
  async function stop({ discard = false } = {}) {
    const finished = recorder;
    if (!finished) return;
    recorder = null;
    advise("");
    if (!finished.ready) return;
    const take = await finished.stop();
    node.classList.remove("recording");
    relabel(toggle, { iconName: "record", text: label });
    bar.style.transform = "scaleX(0)";
    peak.style.left = "0";
    if (discard) return;
    announce(`Recorded ${Math.round(take.samples.length / take.sampleRate)} seconds.`);
    onTake(take);
  }

  const setPrompt = (text) => (prompt.textContent = text);
  return { node, setPrompt, stop, toggle };
}
