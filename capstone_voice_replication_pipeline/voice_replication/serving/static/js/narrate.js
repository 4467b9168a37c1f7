import { el } from "./ui.js";

/** Build the view inside `section`; `api` talks to the server. */
export function mount(section, api) {
  section.append(el("p.lead", {}, "This view is being built."));
}
