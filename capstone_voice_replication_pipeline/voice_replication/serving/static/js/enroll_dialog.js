// Enrolling: recordings, whose voice it is, and that this person agrees. Then one upload.

import { ApiError, sentenceOf } from "./api.js";
import { consentPart } from "./enroll_consent.js";
import { recordingsPart } from "./enroll_recordings.js";
import { confirmDialog, el, field, openDialog, progress } from "./ui.js";

/** Ask for everything and enroll: the new voice as the server gives it, or null. `files`: dropped. */
export async function enroll(api, files = []) {
  const recordings = recordingsPart();
  const person = personPart((name) => consent.setSpeaker(name));
  const consent = consentPart();
  const status = el("div.enroll-status", { role: "alert" });
  const sending = progress("Sending the recordings");
  sending.node.hidden = true;
  const abort = new AbortController();
  let voice = null;

  async function submit() {
    status.textContent = "";
    const missing = [recordings.missing(), person.missing(), consent.missing()].filter(Boolean);
    if (missing.length) {
      missing[0].focus();
      return false;
    }
    const form = new FormData();
    for (const { blob, name } of recordings.files()) form.append("audio_sample", blob, name);
    form.append("name", person.voiceName());
    form.append("consent_speaker", person.speaker());
    form.append("adapt", "true");
    consent.addTo(form);
    return send(form);
  }

  async function send(form) {
    sending.node.hidden = false;
    const show = (fraction) => (fraction < 1
      ? sending.set(fraction, `Sending the recordings: ${Math.round(100 * fraction)} %`)
      : sending.set(null, "Making the voice and adapting to it; this takes some ten seconds."));
    try {
      voice = await api.upload("/v1/audio/voices", form, { onProgress: show, signal: abort.signal });
      return true;
    } catch (error) {
      return await refused(error, form);
    } finally {
      sending.node.hidden = true;
    }
  }

  async function refused(error, form) {
    if (error.name === "AbortError") return false;
    if (error instanceof ApiError && error.code === "voice_exists" && !form.has("replace")) {
      const replace = await confirmDialog({
        title: `Replace ${person.voiceName()}?`,
        text: `There is already a voice called ${person.voiceName()}. The new recordings take its place.`,
        confirm: "Replace",
      });
      if (!replace) return person.refuse("name", "This name is taken; choose another one.");
      form.append("replace", "true");
      return send(form);
    }
    const sentence = sentenceOf(error);
    const place = [recordings, person, consent].find((part) => part.fields.includes(error.field));
    if (place) return place.refuse(error.field, sentence);
    status.textContent = sentence;
    return false;
  }

  recordings.addFiles(files);
  await openDialog({
    title: "Enroll a voice",
    wide: true,
    body: [recordings.node, person.node, consent.node, sending.node, status],
    confirm: "Enroll",
    validate: submit,
    mayClose: () => !recordings.hasRecorded() || confirmDialog({
      title: "Throw the recordings away?",
      text: "What you recorded here has not been sent and will be lost.",
      confirm: "Throw away",
    }),
    onClose: () => {
      abort.abort();
      recordings.close();
      consent.close();
    },
  });
  return voice;
}

/** Who it is. The name of the voice follows the person's until somebody types another. */
function personPart(onSpeaker) {
  const speaker = field("Speaker’s name", el("input", { type: "text", autocomplete: "name", maxlength: "200" }), {
    hint: "The person whose voice it is.",
  });
  const name = field("Name of the voice", el("input", {
    type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "48",
  }), { hint: "Letters, digits, - and _." });
  let named = false;
  speaker.control.addEventListener("input", () => {
    speaker.setError("");
    onSpeaker(speaker.control.value.trim());
    if (!named) name.control.value = nameFrom(speaker.control.value);
  });
  name.control.addEventListener("input", () => {
    named = name.control.value !== "";
    name.setError("");
  });
  const fields = { consent_speaker: speaker, name };
  const check = (part, sentence) => {
    const bad = part.control.value.trim() ? "" : sentence;
    part.setError(bad);
    return bad ? part.control : null;
  };
  return {
    node: el("section.enroll-part", { "aria-labelledby": "enroll-person" },
      el("h3", { id: "enroll-person" }, "Whose voice is it?"),
      el("div.two-columns", {}, speaker.node, name.node)),
    fields: Object.keys(fields),
    speaker: () => speaker.control.value.trim(),
    voiceName: () => name.control.value.trim(),
    missing: () => [
      check(speaker, "Say whose voice it is."), check(name, "Give the voice a name."),
    ].find(Boolean) ?? null,
    refuse(which, sentence) {
      fields[which].setError(sentence);
      fields[which].control.focus();
      return false;
    },
  };
}

/** "Mara Lind" -> "mara-lind": a name that every system takes for a folder. */
export function nameFrom(text) {
  return text.normalize("NFD").replace(/\p{Mark}/gu, "").toLowerCase()
    .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 48);
}
