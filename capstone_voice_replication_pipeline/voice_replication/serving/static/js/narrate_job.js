// One narration: how far it is, and its finished chapters to hear and to keep.

import { ChapterPlayer } from "./chapter_player.js";
import { formatBytes, formatDate, formatLeft, formatSeconds, plural } from "./format.js";
import { isFinal } from "./job_follower.js";
import { button, el, icon, newId, progress, relabel } from "./ui.js";

const STATES = {
  queued: "Waiting", running: "Running", succeeded: "Ready", failed: "Failed", cancelled: "Stopped",
};

/** A list item for `job`. `update(job)` returns a sentence when there is news for the listener. */
export function jobCard(job, { onCancel, onRetry, onRemove }) {
  const title = el("h3", { id: newId("job"), tabindex: "-1" }, job.title);
  const badge = el("span.badge", {});
  const facts = el("p.small", {});
  const bar = progress(`Progress of ${job.title}`);
  const problem = el("p.notice.error", { hidden: true });
  const files = el("ol.chapters.job-files", { role: "list", "aria-label": `Chapters of ${job.title}` });
  const player = new ChapterPlayer({ onChange: showPlaying });
  const named = (text) => ({ "aria-label": `${text}: ${job.title}` });
  const stop = button("Stop", { iconName: "stop", onclick: () => onCancel(current), ...named("Stop") });
  const retry = button("Go on", { iconName: "again", onclick: () => onRetry(current), ...named("Go on") });
  const archive = el("a.button.primary", {
    href: `/v1/jobs/${job.id}/archive`, download: true, ...named("Download everything"),
  }, icon("download"), el("span", {}, "Download everything"));
  const remove = button("Delete", { iconName: "trash", kind: "ghost", onclick: () => onRemove(current), ...named("Delete") });
  const node = el("li.card.panel.job", { "aria-labelledby": title.id, "data-job": job.id },
    el("div.row.spread", {}, title, badge), facts, bar.node, problem, files, player.node,
    el("div.row", {}, stop, retry, archive, remove));
  const rows = new Map(); // file name -> its play button
  let current = { ...job, state: "", files: [] };

  function addFile(file) {
    const play = button("", { iconName: "play", label: `Play ${file.title}`, kind: "ghost", onclick: () => player.toggle(file.name) });
    rows.set(file.name, play);
    files.append(el("li", { "data-file": file.name }, play,
      el("div.chapter-facts", {}, el("span.chapter-title", {}, file.title),
        el("span.numbers.small", {}, `${formatSeconds(file.seconds)}, ${formatBytes(file.bytes)}`)),
      el("a.button.ghost.icon-only", {
        href: file.url, download: file.name, "aria-label": `Download ${file.title}`, title: `Download ${file.title}`,
      }, icon("download"))));
  }

  function showPlaying(name, sounds) {
    for (const [file, play] of rows) {
      const here = sounds && file === name;
      const chapter = current.files.find((one) => one.name === file);
      relabel(play, { iconName: here ? "pause" : "play", label: `${here ? "Pause" : "Play"} ${chapter?.title ?? ""}` });
      play.closest("li").classList.toggle("sounding", file === name);
    }
  }

  function update(now) {
    const before = current;
    current = now;
    if (now.files.some(({ name }, place) => before.files[place]?.name !== name)
        || now.files.length < before.files.length) {
      for (const file of now.files) if (!rows.has(file.name)) addFile(file);
      player.setFiles(now.files);
    }
    showState(now);
    if (before.state === "" || (before.state === now.state && before.files.length === now.files.length)) return "";
    return newsOf(before, now);
  }

  function showState(now) {
    node.dataset.state = now.state;
    badge.textContent = STATES[now.state];
    badge.classList.toggle("accent", now.state === "succeeded");
    facts.textContent = factsOf(now);
    bar.node.hidden = isFinal(now);
    bar.set(now.state === "queued" ? 0 : now.progress, progressText(now));
    problem.hidden = !now.error;
    problem.replaceChildren(icon("warning"), el("span", {}, now.error?.detail ?? ""));
    files.hidden = now.files.length === 0;
    stop.hidden = isFinal(now);
    retry.hidden = !["failed", "cancelled"].includes(now.state);
    archive.hidden = !(isFinal(now) && now.files.length);
    remove.hidden = !isFinal(now);
  }

  return {
    node,
    update,
    say: (sentence) => bar.set(current.progress, sentence),
    focus: () => title.focus(),
    pause: () => player.stop(),
    close: () => player.stop(),
  };
}

function factsOf(job) {
  const facts = [`Read by ${job.voice}`, formatDate(job.created)];
  const seconds = job.files.reduce((sum, file) => sum + file.seconds, 0);
  if (job.files.length) facts.push(`${plural(job.files.length, "file")}, ${formatSeconds(seconds)}`);
  return facts.join(" · ");
}

function progressText(job) {
  if (job.state === "queued") return "Waiting for its turn";
  if (job.progress === 0) return "Starting";
  const left = formatLeft(job.seconds_left);
  return `${Math.floor(100 * job.progress)} %${left ? `, ${left}` : ""}`;
}

function newsOf(before, now) {
  if (now.state === "succeeded") return `The narration of ${now.title} is ready.`;
  if (now.state === "failed") return `The narration of ${now.title} failed. ${now.error?.detail ?? ""}`;
  const added = now.files.filter((file) => !before.files.some((old) => old.name === file.name));
  return added.length ? `${added.at(-1).title} is ready to hear.` : "";
}
