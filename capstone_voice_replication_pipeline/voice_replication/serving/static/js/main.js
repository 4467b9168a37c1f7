// The frame of the page: which view is shown. A view is a module with `mount(section, api)`; it is
// loaded when first shown, so one that is slow or broken holds up no other.

import { api } from "./api.js";
import { showSession } from "./session.js";
import { announce, toast } from "./ui.js";

const VIEWS = ["voices", "speak", "narrate", "listen"];
const mounted = new Map(); // name -> promise of its mounting
let current = null;

/** "#speak?voice=ada" -> ["speak", URLSearchParams]; the first view for what names none. */
function parseHash(hash) {
  const [name, query = ""] = hash.replace(/^#/, "").split("?");
  return [VIEWS.includes(name) ? name : VIEWS[0], new URLSearchParams(query)];
}

function mountOnce(name, section) {
  if (!mounted.has(name)) {
    const loading = import(`./${name}.js`).then((module) => module.mount(section, api));
    mounted.set(name, loading);
    loading.catch((error) => {
      console.error(error);
      mounted.delete(name); // the next visit tries again
      toast("This view could not be loaded. Reload the page to try again.", { kind: "error" });
    });
  }
  return mounted.get(name);
}

/** Show the view that the address names. `focus`: put the focus on its heading, as a new page would. */
async function show({ focus }) {
  const [name, parameters] = parseHash(location.hash);
  const changed = name !== current;
  if (changed && current) {
    const left = document.getElementById(`view-${current}`);
    left.hidden = true;
    left.dispatchEvent(new CustomEvent("view:hide"));
  }
  current = name;
  const section = document.getElementById(`view-${name}`);
  section.hidden = false;
  const heading = section.querySelector("h1");
  document.title = `${heading.textContent} · Voice studio`;
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (changed && focus) {
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }
  await mountOnce(name, section);
  section.dataset.ready = ""; // built, and its data fetched
  section.dispatchEvent(new CustomEvent("view:show", { detail: parameters }));
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names a view, and stays
  document.getElementById("content").focus();
});
for (const type of ["dragover", "drop"]) { // a file that misses its place must not replace the page
  window.addEventListener(type, (event) => event.preventDefault());
}
window.addEventListener("hashchange", () => show({ focus: true }));
window.addEventListener("online", () => announce("The connection is back."));
showSession();
show({ focus: false });
