// Small builders that every view uses. Text only ever becomes a text node, never markup.

import { icon } from "./icons.js";

export { icon };

let lastId = 0;
export const newId = (prefix) => `${prefix}-${(lastId += 1)}`;

/**
 * An element: `el("button.primary", {type: "button", onclick: f, "aria-label": "Play"}, children)`.
 * Properties that are functions become listeners; true sets a bare attribute, false and null none.
 */
export function el(spec, properties = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
    else if (name === "value" || name === "checked" || name === "disabled") node[name] = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button with an icon, a text, or both. `label` names it where there is only the icon. */
export function button(text, { iconName, label, kind = "", onclick, ...rest } = {}) {
  const content = [iconName ? icon(iconName) : null, text ? el("span", {}, text) : null];
  const spec = ["button", "button", kind, text ? "" : "icon-only"].filter(Boolean).join(".");
  return el(spec, { type: "button", "aria-label": label, title: text ? null : label, onclick, ...rest },
    content);
}

/** Change the icon and the text (or, without a text, the name) of a button made by `button`. */
export function relabel(node, { iconName, text, label }) {
  if (iconName) node.querySelector("svg").replaceWith(icon(iconName));
  if (text) node.querySelector("span").textContent = text;
  if (label) {
    node.setAttribute("aria-label", label);
    if (node.classList.contains("icon-only")) node.title = label;
  }
}

/** Say `sentence` to a screen reader, when it has nothing more urgent to say. */
export function announce(sentence) {
  const region = document.getElementById("announcer");
  region.textContent = "";
  setTimeout(() => (region.textContent = sentence), 50); // an equal text again is news again
}

/** Show `sentence` at the edge of the page. Errors stay until they are closed. */
export function toast(sentence, { kind = "info", seconds = 6 } = {}) {
  const close = () => note.remove();
  const note = el(`div.toast.${kind}`, { role: kind === "error" ? "alert" : "status" },
    icon(kind === "error" ? "warning" : "check"),
    el("p", {}, sentence),
    button("", { iconName: "close", label: "Close this message", kind: "ghost", onclick: close }));
  document.getElementById("toasts").append(note);
  if (kind !== "error") setTimeout(close, seconds * 1000);
  return note;
}

/** A label, its control, a hint and room for what is wrong: `{node, control, setError}`. */
export function field(labelText, control, { hint = "", id = newId("field") } = {}) {
  control.id = id;
  const hintNode = hint ? el("p.hint", { id: `${id}-hint` }, hint) : null;
  const error = el("p.field-error", { id: `${id}-error`, role: "alert" });
  const described = [hintNode && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  control.setAttribute("aria-describedby", described);
  const node = el("div.field", {}, el("label", { for: id }, labelText), control, hintNode, error);
  const setError = (sentence) => {
    error.textContent = sentence;
    node.classList.toggle("wrong", Boolean(sentence));
    if (sentence) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  return { node, control, setError };
}

/** A progress bar: `set(0..1 or null for "no idea", text)`. */
export function progress(label) {
  const bar = el("progress", { max: "1", "aria-label": label });
  const text = el("p.progress-text", {}, label);
  const set = (fraction, sentence) => {
    if (fraction === null || fraction === undefined) bar.removeAttribute("value");
    else bar.value = Math.min(1, Math.max(0, fraction));
    if (sentence) text.textContent = sentence;
  };
  return { node: el("div.progress", {}, bar, text), set };
}

/**
 * A modal dialog. Resolves to the value of what closed it: true for the confirm button, false for
 * cancel, Escape, and the close button. The focus goes back to where it was, or to `returnTo()` when
 * that is gone. `validate()` may keep it open, and so may `mayClose()` when it is being left without
 * confirming; `onClose()` stops what runs inside.
 */
export function openDialog({
  title, body, confirm = "OK", cancel = "Cancel", danger = false, wide = false,
  initialFocus = null, validate = () => true, mayClose = () => true, onClose = () => {},
  returnTo = null,
}) {
  const opener = document.activeElement;
  const titleId = newId("dialog");
  return new Promise((resolve) => {
    const leave = async () => (await mayClose()) && node.close("");
    let confirming = false; // a second click while `validate` works is none
    const accept = async () => {
      if (confirming) return;
      confirming = true;
      try {
        if (await validate()) node.close("yes");
      } finally {
        confirming = false;
      }
    };
    const yes = confirm && button(confirm, { kind: danger ? "danger" : "primary", onclick: accept });
    const no = cancel && button(cancel, { onclick: leave });
    const node = el(wide ? "dialog.wide" : "dialog", { "aria-labelledby": titleId },
      el("div.dialog-head", {},
        el("h2", { id: titleId, tabindex: "-1" }, title),
        button("", { iconName: "close", label: "Close", kind: "ghost", onclick: leave })),
      el("div.dialog-body", {}, body),
      el("div.dialog-foot", {}, no, yes));
    node.addEventListener("cancel", (event) => {
      if (event.target !== node) return; // a file chooser inside was cancelled
      event.preventDefault();
      leave();
    });
    node.addEventListener("close", () => {
      onClose();
      node.remove();
      const target = opener?.isConnected ? opener : returnTo?.();
      target?.focus();
      resolve(node.returnValue === "yes");
    });
    if (!danger) node.addEventListener("keydown", (event) => submitOnEnter(event, yes));
    document.body.append(node);
    node.showModal();
    (initialFocus ?? node.querySelector("h2")).focus();
  });
}

function submitOnEnter(event, yes) {
  if (event.key === "Enter" && event.target.matches("input:not([type=file])") && yes) {
    event.preventDefault();
    yes.click();
  }
}

/** Ask a question; true when it was confirmed. */
export const confirmDialog = ({ title, text, confirm, danger = true, returnTo }) =>
  openDialog({ title, body: [el("p", {}, text)], confirm, danger, returnTo });

/** Have the browser save what `url` holds. */
export function saveAs(url, name) {
  const link = el("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
}

/** A place to drop files on, or to click for choosing them; `onFiles(File[])`. */
export function dropZone({ text, hint = "", accept = "", multiple = true, onFiles, directory = false }) {
  const input = el("input.visually-hidden", {
    type: "file", accept: accept || null, multiple, webkitdirectory: directory,
    onchange: () => {
      if (input.files.length) onFiles([...input.files]);
      input.value = ""; // the same file may be chosen again
    },
  });
  const zone = el("label.drop-zone", {}, input, icon("upload"),
    el("span.drop-text", {}, text), hint ? el("span.hint", {}, hint) : null);
  acceptDrops(zone, onFiles);
  return zone;
}

/** Let files be dropped on `node`. */
export function acceptDrops(node, onFiles) {
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    node.classList.add("dropping");
  };
  node.addEventListener("dragenter", over);
  node.addEventListener("dragover", over);
  node.addEventListener("dragleave", (event) => {
    if (!node.contains(event.relatedTarget)) node.classList.remove("dropping");
  });
  node.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    node.classList.remove("dropping");
    const files = [...event.dataTransfer.files];
    if (files.length) onFiles(files);
  });
}
