// The view "Voices": cards, and the way to a new one.

import { sentenceOf } from "./api.js";
import { filePlayer } from "./audio.js";
import { enroll } from "./enroll_dialog.js";
import { acceptDrops, announce, button, confirmDialog, el, toast } from "./ui.js";
import { voiceCard } from "./voice_card.js";
import { allVoices, refresh, subscribe } from "./voice_list.js";

/** Build the view inside `section`. */
export async function mount(section, api) {
  const remarks = new Map(); // voice id -> what enrolling said about its recordings
  const add = button("Enroll a voice", { iconName: "plus", kind: "primary", onclick: () => start([]) });
  const grid = el("ul.voice-grid", { role: "list" });
  const status = el("p.empty", {}, "Fetching the voices.");
  section.querySelector(".view-head").append(add);
  section.append(status, grid);
  acceptDrops(section, (files) => start(files));
  section.addEventListener("view:hide", () => filePlayer.stop());

  function show(voices) {
    filePlayer.stop();
    status.hidden = voices.length > 0;
    status.textContent = "There are no voices yet. Enroll the first one.";
    grid.replaceChildren(...voices.map((voice) =>
      voiceCard(voice, { api, remarks: remarks.get(voice.id), onDelete: remove })));
  }

  async function start(files) {
    filePlayer.stop();
    const voice = await enroll(api, files);
    if (!voice) return;
    remarks.set(voice.id, voice.remarks ?? []);
    await refresh();
    const card = grid.querySelector(`[data-voice="${CSS.escape(voice.id)}"]`);
    card.scrollIntoView({ block: "nearest" });
    card.querySelector(".play").focus();
    toast(`The voice ${voice.name} is ready.`);
  }

  async function remove(voice) {
    const sure = await confirmDialog({
      title: `Delete ${voice.name}?`,
      text: "The voice and everything made from its recordings is removed. This cannot be undone.",
      confirm: "Delete",
    });
    if (!sure) return;
    const place = [...grid.children].findIndex((card) => card.dataset.voice === voice.id);
    try {
      await api.delete(`/v1/audio/voices/${encodeURIComponent(voice.id)}`);
      await refresh();
    } catch (error) {
      toast(sentenceOf(error), { kind: "error" });
      return;
    }
    const next = grid.children[Math.min(place, grid.children.length - 1)];
    (next?.querySelector("h2") ?? add).focus();
    announce(`${voice.name} was deleted.`);
  }

  async function load() {
    try {
      await allVoices();
    } catch (error) {
      status.hidden = false;
      status.replaceChildren(el("span", {}, `${sentenceOf(error)} `), button("Try again", { onclick: load }));
    }
  }

  subscribe(show);
  await load();
}
