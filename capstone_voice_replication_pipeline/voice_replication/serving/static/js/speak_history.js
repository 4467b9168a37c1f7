// What was spoken since the page was opened: play it again, download it.

import { formatSeconds } from "./format.js";
import { button, el } from "./ui.js";

const KEPT = 30; // the oldest is forgotten: a minute of speech is six megabytes here
const EXCERPT = 90;

/** `{node, add(take)}`. */
export function historyList({ onSelect, onDownload }) {
  const list = el("ul.history", { role: "list" });
  const node = el("section.history-part", { "aria-labelledby": "speak-history", hidden: true },
    el("h2", { id: "speak-history" }, "This session"), list);

  function add(take) {
    const excerpt = take.text.length > EXCERPT ? `${take.text.slice(0, EXCERPT).trimEnd()}…` : take.text;
    const short = excerpt.slice(0, 40);
    const save = button("", {
      iconName: "download", label: `Download “${short}”`, kind: "ghost", onclick: () => onDownload(take, save),
    });
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    list.prepend(el("li.history-item", {},
      button("", { iconName: "play", label: `Play “${short}”`, kind: "ghost", onclick: () => onSelect(take) }),
      el("div.history-facts", {}, el("p.history-text", {}, excerpt),
        el("p.small.numbers", {}, `${take.voice.name} · ${formatSeconds(take.player.seconds)} · ${time}`)),
      save));
    while (list.children.length > KEPT) list.lastElementChild.remove();
    node.hidden = false;
  }

  return { node, add };
}
