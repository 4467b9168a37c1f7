// A new narration: drop a book, see what is in it, choose who reads it.

import { sentenceOf } from "./api.js";
import { formatCount, formatSeconds, plural } from "./format.js";
import { announce, button, dropZone, el, field, icon, progress } from "./ui.js";
import { voiceSelect } from "./voice_list.js";

const FORMATS = [
  ["mp3", "MP3", "One file a chapter; plays everywhere."],
  ["m4b", "M4B", "One audiobook with chapter marks."],
  ["flac", "FLAC", "One file a chapter; lossless."],
  ["wav", "WAV", "One file a chapter; lossless and large."],
];
const OPEN_CHAPTERS = 12; // a longer list starts folded

/** The form; `onStarted(job)`. `take(file)` looks into a book, `choose(id)` selects a voice. */
export function bookForm(api, onStarted) {
  const reading = progress("Reading the book");
  const stop = button("Stop", { iconName: "close", onclick: () => control?.abort() });
  const busy = el("div.row.book-busy", { hidden: true }, reading.node, stop);
  const problem = el("p.notice.error", { role: "alert", hidden: true });
  const drop = dropZone({
    text: "Drop a book here, or choose a file", hint: "Text, Markdown or EPUB",
    accept: ".txt,.md,.epub,text/plain,text/markdown,application/epub+zip", multiple: false,
    onFiles: ([file]) => take(file),
  });
  const options = narrationOptions();
  const contents = el("div.book-contents");
  const start = button("Start the narration", { iconName: "play", kind: "primary", onclick: () => begin() });
  const other = button("Another book", { iconName: "file", onclick: () => clear() });
  const book = el("form.book", { hidden: true, novalidate: true, onsubmit: (event) => event.preventDefault() },
    contents, options.node, el("div.row", {}, start, other));
  const node = el("section.card.panel", { "aria-label": "New narration" }, drop, busy, problem, book);
  let control = null; // of the request that is under way
  let chosen = null; // the file whose contents are shown

  /** Send `file` somewhere with a bar that can be stopped; undefined when it came to nothing. */
  async function send(path, form, sentence) {
    control?.abort();
    const mine = (control = new AbortController());
    problem.hidden = true;
    busy.hidden = false;
    start.disabled = true;
    reading.set(0, sentence);
    try {
      return await api.upload(path, form, {
        signal: mine.signal,
        onProgress: (sent) => reading.set(sent < 1 ? sent : null, sentence),
      });
    } catch (error) {
      if (error.name !== "AbortError") refuse(error);
      else if (mine === control) announce("Stopped.");
      return undefined;
    } finally {
      if (mine === control) {
        busy.hidden = true;
        start.disabled = false;
      }
    }
  }

  function refuse(error) {
    if (options.refuse(error)) return;
    problem.replaceChildren(icon("warning"), el("span", {}, sentenceOf(error)));
    problem.hidden = false;
  }

  async function take(file) {
    if (!file) return;
    clear();
    drop.hidden = true;
    const form = new FormData();
    form.append("file", file, file.name);
    const outline = await send("/v1/narrations/preview", form, `Reading ${file.name}`);
    if (!outline) {
      drop.hidden = false;
      return;
    }
    chosen = file;
    options.show(outline);
    contents.replaceChildren(...outlineNodes(outline, options.speed));
    book.hidden = false;
    contents.querySelector("h2").focus();
    announce(`${outline.title}: ${plural(outline.chapters.length, "chapter")}.`);
  }

  async function begin() {
    const values = options.read();
    if (!values) return;
    const form = new FormData();
    form.append("file", chosen, chosen.name);
    for (const [name, value] of Object.entries(values)) form.append(name, value);
    const job = await send("/v1/narrations", form, "Sending the book");
    if (!job) return;
    clear();
    onStarted(job);
  }

  function clear() {
    control?.abort();
    control = null;
    chosen = null;
    busy.hidden = book.hidden = problem.hidden = true;
    drop.hidden = start.disabled = false;
  }

  return { node, take, choose: options.choose };
}

/** What is in the book: its title and, folded if there are many, its chapters. */
function outlineNodes({ title, chapters, characters, seconds }, speed) {
  const total = el("p.quiet.numbers", {});
  const lengths = [];
  const items = chapters.map((chapter) => {
    const length = el("span.numbers.small", {});
    lengths.push([length, chapter.seconds]);
    return el("li", {}, el("span.chapter-title", {}, chapter.title), length);
  });
  const update = () => {
    const factor = Number(speed.value);
    total.textContent = `${plural(chapters.length, "chapter")}, ${formatCount(characters)} characters, about ${formatSeconds(seconds / factor)}`;
    for (const [length, normal] of lengths) length.textContent = formatSeconds(normal / factor);
  };
  speed.oninput = update;
  update();
  const list = el("details.outline", { open: chapters.length <= OPEN_CHAPTERS },
    el("summary", {}, "Chapters"), el("ol.chapters", { role: "list" }, items));
  return [el("h2", { tabindex: "-1" }, title), total, list];
}

/** Title, voices, format, speed. */
function narrationOptions() {
  const title = field("Title", el("input", { type: "text", maxlength: "200", autocomplete: "off" }));
  const voice = field("Narrator", voiceSelect());
  const dialogue = field("Dialogue", voiceSelect({ none: "Same as the narrator" }), {
    hint: "Reads what is in quotation marks.",
  });
  const format = field("Format", el("select", {},
    FORMATS.map(([value, name]) => el("option", { value }, name))), { hint: FORMATS[0][2] });
  format.control.addEventListener("change", () => {
    format.setError("");
    format.node.querySelector(".hint").textContent = FORMATS[format.control.selectedIndex][2];
  });
  const speed = field("Speed", el("input", { type: "range", min: "0.5", max: "2", step: "0.05", value: "1" }));
  const shown = el("output.numbers", {}, "1.00×");
  speed.node.querySelector("label").append(" ", shown);
  speed.control.addEventListener("input", () => {
    shown.textContent = `${Number(speed.control.value).toFixed(2)}×`;
    speed.control.setAttribute("aria-valuetext", `${speed.control.value} times`);
  });
  const fields = { title, voice, dialogue_voice: dialogue, format, speed };

  return {
    node: el("div.book-options", {}, title.node, voice.node, dialogue.node, format.node, speed.node),
    speed: speed.control,
    choose: (id) => {
      if (id) voice.control.value = id;
    },
    show(outline) {
      title.control.value = outline.title;
      for (const one of Object.values(fields)) one.setError("");
    },
    /** The values to send, or null after saying what is missing. */
    read() {
      if (!voice.control.value) {
        voice.setError("Choose a voice; the view Voices makes one.");
        voice.control.focus();
        return null;
      }
      const values = { voice: voice.control.value, format: format.control.value, speed: speed.control.value };
      if (dialogue.control.value) values.dialogue_voice = dialogue.control.value;
      if (title.control.value.trim()) values.title = title.control.value.trim();
      return values;
    },
    /** Show `error` at the field it is about; false if it is about none. */
    refuse(error) {
      const place = error.code === "not_available" ? format : fields[error.field];
      if (!place) return false;
      place.setError(sentenceOf(error));
      place.control.focus();
      return true;
    },
  };
}
