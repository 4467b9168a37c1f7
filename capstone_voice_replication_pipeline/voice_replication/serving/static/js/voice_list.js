// The voices, fetched once and shared by the views; whoever changes them calls `refresh`.

import { api } from "./api.js";
import { el } from "./ui.js";

let voices = null;
let loading = null;
const listeners = new Set();

/** All voices as the server lists them. */
export async function allVoices() {
  return voices ?? refresh();
}

/** Fetch them again and tell everyone. */
export function refresh() {
  loading ??= api
    .get("/v1/audio/voices")
    .then((answer) => {
      voices = answer.data;
      for (const listener of listeners) listener(voices);
      return voices;
    })
    .finally(() => (loading = null));
  return loading;
}

/** Call `listener(voices)` now, if they are known, and whenever they change. */
export function subscribe(listener) {
  listeners.add(listener);
  if (voices) listener(voices);
}

/** A <select> of voices that follows the list and keeps its choice. `none`: text of an empty choice. */
export function voiceSelect({ none = null } = {}) {
  const select = el("select", {});
  subscribe((list) => {
    const chosen = select.value;
    const own = list.filter((voice) => voice.kind !== "sample");
    const samples = list.filter((voice) => voice.kind === "sample");
    const options = (group) => group.map((voice) => el("option", { value: voice.id }, voice.name));
    select.replaceChildren(
      ...(none ? [el("option", { value: "" }, none)] : []),
      ...(own.length ? [el("optgroup", { label: "Enrolled" }, ...options(own))] : []),
      ...(samples.length ? [el("optgroup", { label: "Samples" }, ...options(samples))] : []),
    );
    if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
  });
  return select;
}
