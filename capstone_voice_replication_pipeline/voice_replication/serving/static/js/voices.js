import { el } from "./ui.js";

/** Build the view inside `section`. */
export function mount(section) {
  section.append(el("p.lead", {}, "This view is being built."));
}
