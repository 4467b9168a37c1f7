// The view "Listen": listening tests, and which of its pages the address asks for.
//
//   #listen                   all tests, and the way to a new one
//   #listen?session=ls_...    a listener's questions; a reload goes on with the same one
//   #listen?results=lt_...    what a test has found

import { sentenceOf } from "./api.js";
import { takeTheFloor } from "./audio.js";
import { resultsPage } from "./listen_results.js";
import { sessionPage } from "./listen_session.js";
import { testsPage } from "./listen_tests.js";
import { button, el } from "./ui.js";

/** Build the view inside `section`. */
export async function mount(section, api) {
  const lead = section.querySelector(".lead");
  const place = el("div.listen-page");
  section.append(place);
  let page = null; // what is shown: {node, focus(), close()}
  let shown = ""; // the address it was built for

  const pages = [
    ["session", (id) => sessionPage(api, id)],
    ["results", (id) => resultsPage(api, id)],
  ];

  async function show(parameters) {
    const address = parameters.toString();
    if (page && address === shown && address !== "") return;
    const first = page === null;
    page?.close();
    shown = address;
    const [name, build] = pages.find(([key]) => parameters.get(key)) ?? ["", () => testsPage(api)];
    lead.hidden = name === "session"; // a listener reads nothing about systems
    try {
      const next = await build(parameters.get(name));
      if (shown !== address) {
        next.close();
        return;
      }
      page = next;
      place.replaceChildren(page.node);
      if (!first) page.focus();
    } catch (error) {
      page = null;
      place.replaceChildren(el("div.notice.error.row", { role: "alert" }, el("span", {}, sentenceOf(error)),
        button("Try again", { onclick: () => show(parameters) }),
        el("a", { href: "#listen" }, "All tests")));
    }
  }

  section.addEventListener("view:show", (event) => show(event.detail));
  section.addEventListener("view:hide", () => {
    takeTheFloor(null);
    page?.close();
    page = null;
    shown = "";
  });
}
