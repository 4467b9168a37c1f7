// Asks for an API key when the server wants one. One dialog, however many requests wait for it.

import { el, field, openDialog } from "./ui.js";

let asking = null;

/** The key that was typed, or null. `remark`: why the last one was not taken. */
export function askForKey(remark) {
  asking ??= ask(remark).finally(() => (asking = null));
  return asking;
}

async function ask(remark) {
  const input = el("input", {
    type: "password", autocomplete: "off", spellcheck: "false", placeholder: "vc-…", required: true,
  });
  const key = field("API key", input, {
    hint: "An operator makes one with `voiceclone keys create`. It is kept until this tab is closed.",
  });
  if (remark) key.setError(remark);
  const answer = await openDialog({
    title: "This studio asks for a key",
    body: [key.node],
    confirm: "Continue",
    initialFocus: input,
    validate: () => {
      key.setError(input.value.trim() ? "" : "Type the key, or ask whoever runs this studio for one.");
      return Boolean(input.value.trim());
    },
  });
  return answer ? input.value.trim() : null;
}
