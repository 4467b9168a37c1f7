// A listener's way through a test, one question after the other.

import { sentenceOf } from "./api.js";
import { KIND_QUESTIONS } from "./listen_questions.js";
import { SamplePlayer } from "./sample_player.js";
import { button, el, icon, progress, toast } from "./ui.js";

/** `{node, focus, close}` of the session `id`. Rejects when it cannot be fetched. */
export async function sessionPage(api, id) {
  let session = await api.get(`/v1/listening/sessions/${id}`);
  let question = null; // {node, answer(), update(), press(key)}
  let trial = null;
  const heading = el("h2", { tabindex: "-1" });
  const bar = progress("Answered questions");
  const place = el("div.question");
  const hint = el("p.hint", { role: "status" });
  const next = button("Next", { iconName: "arrow", kind: "primary", onclick: () => submit() });
  const leave = el("a.button.ghost", { href: "#listen" }, el("span", {}, "Leave for now"));
  const foot = el("div.row", {}, next, leave);
  const node = el("section.card.panel.session", { "aria-label": session.title },
    el("p.quiet", {}, session.title), heading, bar.node, place, hint, foot);
  const player = new SamplePlayer(api, { onChange: update });

  async function show() {
    trial = session.trials.find((one) => one.answer === null) ?? null;
    bar.set(session.answered / session.trials.length, `${session.answered} of ${session.trials.length} answered`);
    if (!trial) {
      finish();
      return;
    }
    heading.textContent = `Question ${trial.trial} of ${session.trials.length}`;
    question = KIND_QUESTIONS[session.kind](trial, player, update);
    place.replaceChildren(question.node);
    update();
    await load();
  }

  async function load() {
    const shown = trial;
    const following = session.trials[session.trials.indexOf(trial) + 1];
    hint.textContent = "Fetching the samples.";
    try {
      await player.load(shown.stimuli, following?.stimuli);
    } catch (error) {
      place.replaceChildren(el("div.notice.error.row", { role: "alert" }, icon("warning"),
        el("span", {}, sentenceOf(error)), button("Try again", { onclick: show })));
      return;
    }
    update();
  }

  /** Bring everything in line with what was heard and answered. */
  function update() {
    if (!question || !trial) return;
    const missing = question.update();
    next.disabled = missing !== "";
    hint.textContent = player.ready ? missing : "Fetching the samples.";
  }

  async function submit() {
    if (next.disabled) return;
    next.disabled = true;
    player.stop();
    try {
      session = await api.post(`/v1/listening/sessions/${id}/answers`, { trial: trial.trial, answer: question.answer() });
    } catch (error) {
      toast(sentenceOf(error), { kind: "error" });
      if (error.code === "already_answered") session = await api.get(`/v1/listening/sessions/${id}`);
      else {
        next.disabled = false;
        return;
      }
    }
    show();
    heading.focus();
  }

  function finish() {
    question = null;
    player.close();
    hint.textContent = "";
    heading.textContent = "Thank you";
    place.replaceChildren(el("p", {}, "All questions are answered, and the answers are kept."));
    foot.replaceChildren(
      el("a.button.primary", { href: `#listen?results=${session.test}` }, icon("bars"), el("span", {}, "Results")),
      el("a.button", { href: "#listen" }, el("span", {}, "All tests")));
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (!question || !player.ready) return;
    if (event.key === "Enter") {
      if (event.target.closest("button, a")) return; // it presses that one
      event.preventDefault();
      submit();
    } else if (question.press(event.key.toLowerCase())) event.preventDefault();
  }

  document.addEventListener("keydown", onKey);
  show();
  return {
    node,
    focus: () => heading.focus(),
    close() {
      document.removeEventListener("keydown", onKey);
      player.close();
    },
  };
}
