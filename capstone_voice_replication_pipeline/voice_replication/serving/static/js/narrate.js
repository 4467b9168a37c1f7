// The view "Narrate": a book becomes a job, jobs become chapters to listen to.

import { sentenceOf } from "./api.js";
import { isFinal, JobFollower } from "./job_follower.js";
import { bookForm } from "./narrate_book.js";
import { jobCard } from "./narrate_job.js";
import { acceptDrops, announce, button, confirmDialog, el, toast } from "./ui.js";
import { allVoices } from "./voice_list.js";

/** Build the view inside `section`. */
export async function mount(section, api) {
  const cards = new Map(); // job id -> card
  const form = bookForm(api, started);
  const heading = el("h2", { tabindex: "-1" }, "Narrations");
  const status = el("p.empty", {}, "Fetching the narrations.");
  const list = el("ol.jobs", { role: "list" });
  section.append(form.node, el("div.jobs-part", {}, heading, status, list));
  acceptDrops(section, ([file]) => form.take(file));

  const follower = new JobFollower(api, { onJob: changed, onGone: (id) => forget(id), onLost: lost });

  function show(jobs) {
    const shown = new Set(jobs.map((job) => job.id));
    for (const id of [...cards.keys()]) if (!shown.has(id)) forget(id);
    jobs.forEach((job, place) => {
      const card = cards.get(job.id) ?? newCard(job);
      card.update(job);
      if (list.children[place] !== card.node) list.insertBefore(card.node, list.children[place] ?? null);
    });
    status.hidden = jobs.length > 0;
    status.textContent = "No narrations yet. Drop a book above to make the first one.";
  }

  function newCard(job) {
    const card = jobCard(job, { onCancel: cancel, onRetry: retry, onRemove: remove });
    cards.set(job.id, card);
    return card;
  }

  function forget(id) {
    cards.get(id)?.close();
    cards.get(id)?.node.remove();
    cards.delete(id);
    if (cards.size === 0) status.hidden = false;
  }

  /** All narrations as they are now; then follow those that go on. */
  async function refresh() {
    try {
      const { data } = await api.get("/v1/jobs");
      const narrations = data.filter((job) => job.kind === "narration");
      show(narrations);
      follower.follow(narrations);
    } catch (error) {
      if (cards.size) {
        toast(sentenceOf(error), { kind: "error" });
        return;
      }
      status.hidden = false;
      status.replaceChildren(el("span", {}, `${sentenceOf(error)} `), button("Try again", { onclick: refresh }));
    }
  }

  function changed(job) {
    const card = cards.get(job.id);
    if (!card) return;
    const news = card.update(job);
    if (news) announce(news);
    if (isFinal(job)) refresh(); // the next one begins
  }

  function lost(id, sentence) {
    cards.get(id)?.say(`${sentence} Trying again.`);
  }

  async function started(job) {
    await refresh();
    cards.get(job.id)?.focus();
    announce(`The narration of ${job.title} has begun.`);
  }

  /** Do something to a job; on failure say why. The list is fetched anew either way. */
  async function change(work) {
    try {
      await work();
    } catch (error) {
      toast(sentenceOf(error), { kind: "error" });
    }
    await refresh();
  }

  const cancel = (job) => change(async () => {
    cards.get(job.id).update(await api.delete(`/v1/jobs/${job.id}`));
    announce(`The narration of ${job.title} was stopped.`);
  });

  const retry = (job) => change(() => api.post(`/v1/jobs/${job.id}/retry`));

  async function remove(job) {
    const sure = await confirmDialog({
      title: `Delete “${job.title}”?`,
      text: "The narration and its files are removed. This cannot be undone.",
      confirm: "Delete",
      returnTo: () => heading,
    });
    if (!sure) return;
    await change(() => api.delete(`/v1/jobs/${job.id}`));
    heading.focus();
    announce(`${job.title} was deleted.`);
  }

  // Streams hold connections, of which a browser has few: none while nobody looks.
  const visible = () => !section.hidden && document.visibilityState === "visible";
  const look = () => (visible() ? refresh() : follower.stop());
  document.addEventListener("visibilitychange", look);
  section.addEventListener("view:hide", () => {
    follower.stop();
    for (const card of cards.values()) card.pause();
  });
  section.addEventListener("view:show", (event) => {
    form.choose(event.detail.get("voice"));
    refresh();
  });
  try {
    await allVoices();
  } catch (error) {
    toast(sentenceOf(error), { kind: "error" });
  }
}
