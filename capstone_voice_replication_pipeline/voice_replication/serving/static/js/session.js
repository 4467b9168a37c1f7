// The API key, where the server asks for one. It is handed over once and comes back as a cookie that
// no script can read, so players and downloads work like everything else.

import { button, el, field, openDialog } from "./ui.js";

const SESSION = "/v1/session";
let asking = null; // one dialog, however many requests wait for it

/** Ask for a key until the server takes one; false when nobody gives one. */
export function askForKey() {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

async function ask() {
  const input = el("input", { type: "password", autocomplete: "off", spellcheck: "false", placeholder: "vc-" });
  const key = field("API key", input, {
    hint: "Whoever runs this studio makes one with “voiceclone keys create”. It is kept in this browser for 30 days.",
  });
  const accepted = await openDialog({
    title: "This studio asks for a key",
    body: [el("form", { onsubmit: (event) => event.preventDefault() }, key.node)],
    confirm: "Continue",
    initialFocus: input,
    validate: async () => {
      key.setError(await refusalOf(input.value.trim()));
      return !input.getAttribute("aria-invalid");
    },
  });
  if (accepted) await showSession();
  return accepted;
}

/** Hand the key to the server: "" when it was taken, else why not. */
async function refusalOf(key) {
  if (!key) return "Type the key.";
  try {
    const answer = await fetch(SESSION, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ key }),
    });
    return answer.ok ? "" : (await answer.json()).detail;
  } catch {
    return "The server cannot be reached. Check that it is running, then try again.";
  }
}

/** Say in the bar whose key is in use, with a way to forget it. Nothing where none is needed. */
export async function showSession() {
  const place = document.getElementById("session");
  let state;
  try {
    state = await (await fetch(SESSION)).json();
  } catch {
    return; // the view that is shown says that the server cannot be reached
  }
  place.replaceChildren();
  if (!state.keys_required || !state.client) return;
  const forget = async () => {
    await fetch(SESSION, { method: "DELETE" });
    location.reload();
  };
  place.append(button("Forget key", { kind: "ghost", onclick: forget, "aria-label": `Forget the key of ${state.client}` }));
}
