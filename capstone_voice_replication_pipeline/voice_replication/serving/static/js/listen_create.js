// A new listening test: which kind, and samples of every system.

import { sentenceOf } from "./api.js";
import { formatBytes, plural } from "./format.js";
import { samplesOfDrop, samplesOfFiles, whyNot } from "./listen_samples.js";
import { announce, button, el, field, icon, progress } from "./ui.js";

export const KIND_NAMES = { mos: "MOS", abx: "ABX", mushra: "MUSHRA" };
const KINDS = [
  ["mos", "MOS", "How good does it sound, from 1 to 5? Every listener hears each clip once, from one system."],
  ["abx", "ABX", "Can people tell two systems apart? X is one of the two; which one?"],
  ["mushra", "MUSHRA", "All systems of a clip side by side, 0 to 100, against a reference that is also hidden among them."],
];

/** The form; `onCreated(test)`. */
export function createForm(api, onCreated) {
  const kinds = KINDS.map(([value, name, what], place) => el("label.choice", {},
    el("input", { type: "radio", name: "kind", value, checked: place === 0, onchange: () => check() }),
    el("span", {}, el("strong", {}, name), el("span.hint.block", {}, what))));
  const title = field("Title", el("input", { type: "text", maxlength: "120", autocomplete: "off" }), {
    hint: "Listeners read it, so it should name no system.",
  });
  const samples = sampleList(() => check());
  const problem = el("p.notice.error", { role: "alert", hidden: true });
  const sending = progress("Sending the samples");
  const stop = button("Stop", { iconName: "close", onclick: () => control?.abort() });
  const busy = el("div.row.book-busy", { hidden: true }, sending.node, stop);
  const hint = el("p.hint", { role: "status" });
  const create = button("Make the test", { iconName: "plus", kind: "primary", onclick: () => send() });
  const node = el("section.card.panel.new-test", { "aria-labelledby": "new-test" },
    el("h2", { id: "new-test" }, "New test"),
    el("fieldset.kinds", {}, el("legend", {}, "Kind"), kinds),
    title.node, samples.node, problem, busy, el("div.row", {}, create, hint));
  let control = null;

  const kind = () => node.querySelector("input[name=kind]:checked").value;

  /** Say beside the button what is still missing. */
  function check() {
    hint.textContent = samples.systems.size ? whyNot(kind(), samples.systems) : "";
  }

  function refuse(sentence) {
    problem.replaceChildren(icon("warning"), el("span", {}, sentence));
    problem.hidden = false;
  }

  async function send() {
    problem.hidden = true;
    title.setError(title.control.value.trim() ? "" : "Give the test a title.");
    const missing = whyNot(kind(), samples.systems);
    if (missing) refuse(missing);
    if (title.control.getAttribute("aria-invalid")) title.control.focus();
    if (missing || title.control.getAttribute("aria-invalid")) return;
    control = new AbortController();
    create.disabled = true;
    busy.hidden = false;
    sending.set(0, "Sending the samples");
    try {
      const test = await api.upload("/v1/listening/tests", formOf(), {
        signal: control.signal,
        onProgress: (sent) => sending.set(sent < 1 ? sent : null, sent < 1 ? "Sending the samples" : "Decoding the samples"),
      });
      samples.clear();
      title.control.value = "";
      onCreated(test);
    } catch (error) {
      if (error.name === "AbortError") announce("Stopped.");
      else if (error.field === "title") title.setError(sentenceOf(error));
      else refuse(sentenceOf(error));
    } finally {
      busy.hidden = true;
      create.disabled = false;
    }
  }

  function formOf() {
    const form = new FormData();
    form.append("kind", kind());
    form.append("title", title.control.value.trim());
    for (const [system, clips] of samples.systems) {
      for (const [clip, file] of clips) {
        form.append("files", file, `${system}/${clip}${file.name.match(/\.[^.]*$/)?.[0] ?? ""}`);
      }
    }
    return form;
  }

  return { node, close: () => control?.abort() };
}

/** Dropped and chosen samples, by system: `systems` maps names to Maps of clip -> File. */
function sampleList(onChange) {
  const systems = new Map();
  const list = el("ul.systems", { role: "list" });
  const folder = chooser("Choose a folder", { webkitdirectory: true });
  const files = chooser("Choose files", { multiple: true, accept: "audio/*" });
  const zone = el("div.drop-zone.sample-zone", {}, icon("upload"),
    el("span.drop-text", {}, "Drop folders here, one for each system"),
    el("span.hint", {}, "The same clip has the same name in every folder: ours/one.wav, theirs/one.wav"),
    el("div.row", {}, folder, files));
  const node = el("fieldset.samples", {}, el("legend", {}, "Samples"), zone, list);

  function chooser(text, attributes) {
    const input = el("input.visually-hidden", {
      type: "file", ...attributes,
      onchange: () => {
        add(samplesOfFiles([...input.files]));
        input.value = "";
      },
    });
    return el("label.button", {}, input, el("span", {}, text));
  }

  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("dropping");
  });
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("dropping");
  });
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("dropping");
    add(await samplesOfDrop(event.dataTransfer));
  });

  function add(found) {
    if (found.length === 0) {
      announce("There are no sound files in there.");
      return;
    }
    const loose = freeName(); // files in no folder are a system that can be renamed
    for (const { system, clip, file } of found) {
      const name = system || loose;
      if (!systems.has(name)) systems.set(name, new Map());
      systems.get(name).set(clip, file);
    }
    announce(`${plural(found.length, "sample")} added.`);
    show();
  }

  function freeName() {
    let number = systems.size + 1;
    while (systems.has(`system ${number}`)) number += 1;
    return `system ${number}`;
  }

  function rename(old, name, input) {
    const wanted = name.replace(/[/\\]/g, " ").trim();
    if (!wanted || (wanted !== old && systems.has(wanted))) {
      input.value = old;
      return;
    }
    const entries = [...systems].map(([key, clips]) => [key === old ? wanted : key, clips]);
    systems.clear();
    for (const [key, clips] of entries) systems.set(key, clips);
    show();
  }

  function show() {
    list.replaceChildren(...[...systems].map(([name, clips]) => {
      const bytes = [...clips.values()].reduce((sum, file) => sum + file.size, 0);
      const input = el("input", {
        type: "text", value: name, maxlength: "60", "aria-label": `Name of system ${name}`,
        onchange: () => rename(name, input.value, input),
      });
      return el("li.system", {}, input,
        el("span.small.numbers", { title: [...clips.keys()].join(", ") }, `${plural(clips.size, "clip")}, ${formatBytes(bytes)}`),
        button("", {
          iconName: "trash", label: `Remove ${name}`, kind: "ghost",
          onclick: () => {
            systems.delete(name);
            show();
            folder.querySelector("input").focus();
          },
        }));
    }));
    onChange();
  }

  return {
    node,
    systems,
    clear() {
      systems.clear();
      show();
    },
  };
}
