// All listening tests: begin a session, read results, delete, and make a new one.

import { sentenceOf } from "./api.js";
import { formatDate, plural } from "./format.js";
import { createForm, KIND_NAMES } from "./listen_create.js";
import { announce, button, confirmDialog, el, field, icon, openDialog, toast } from "./ui.js";

/** `{node, focus, close}`. Rejects when the tests cannot be fetched. */
export async function testsPage(api) {
  const list = el("ul.tests", { role: "list" });
  const heading = el("h2", { tabindex: "-1" }, "Tests");
  const empty = el("p.empty", {}, "No tests yet. Make the first one below.");
  const form = createForm(api, created);

  function show(tests) {
    list.replaceChildren(...tests.map((test) => testItem(test, { onListen: listen, onDelete: remove })));
    empty.hidden = tests.length > 0;
  }

  const refresh = async () => show((await api.get("/v1/listening/tests")).data);

  async function created(test) {
    await refresh();
    list.querySelector(`[data-test="${test.id}"] h3`).focus();
    announce(`The test ${test.title} is ready.`);
  }

  async function listen(test) {
    const session = await askForListener(api, test);
    if (session) location.hash = `listen?session=${session.id}`;
  }

  async function remove(test) {
    const sure = await confirmDialog({
      title: `Delete “${test.title}”?`,
      text: "Its samples and everything that listeners answered are removed. This cannot be undone.",
      confirm: "Delete",
      returnTo: () => heading,
    });
    if (!sure) return;
    try {
      await api.delete(`/v1/listening/tests/${test.id}`);
      await refresh();
      heading.focus();
      announce(`${test.title} was deleted.`);
    } catch (error) {
      toast(sentenceOf(error), { kind: "error" });
    }
  }

  await refresh();
  return {
    node: el("div.listen-page", {}, el("div.tests-part", {}, heading, empty, list), form.node),
    focus: () => heading.focus(),
    close: () => form.close(),
  };
}

function testItem(test, { onListen, onDelete }) {
  const title = el("h3", { id: `test-${test.id}`, tabindex: "-1" }, test.title);
  const facts = [
    plural(test.systems.length, "system"), plural(test.clips.length, "clip"), formatDate(test.created),
  ];
  const heard = test.sessions
    ? `${plural(test.sessions, "listener")}, ${test.finished} finished` : "Nobody has listened yet";
  return el("li.card.panel.test", { "aria-labelledby": title.id, "data-test": test.id },
    el("div.row.spread", {}, title, el("span.badge", {}, KIND_NAMES[test.kind])),
    el("p.small", {}, `${facts.join(" · ")} · ${heard}`),
    el("div.row", {},
      button("Listen", { iconName: "play", kind: "primary", onclick: () => onListen(test), "aria-label": `Listen: ${test.title}` }),
      el("a.button", { href: `#listen?results=${test.id}`, "aria-label": `Results: ${test.title}` },
        icon("bars"), el("span", {}, "Results")),
      button("", { iconName: "trash", label: `Delete: ${test.title}`, kind: "ghost", onclick: () => onDelete(test) })));
}

/** Ask who listens and begin (or resume) the session; null when nobody does. */
async function askForListener(api, test) {
  const input = el("input", { type: "text", maxlength: "60", autocomplete: "off" });
  const name = field("Name or initials", input, {
    hint: "Optional. With the same name you can go on later where you stopped.",
  });
  let session = null;
  const begun = await openDialog({
    title: test.title,
    body: [
      el("p", {}, `${plural(test.trials, "question")}. Use headphones, sit somewhere quiet, and set a comfortable volume now: do not change it on the way.`),
      name.node,
    ],
    confirm: "Begin",
    initialFocus: input,
    validate: async () => {
      try {
        session = await api.post(`/v1/listening/tests/${test.id}/sessions`, { listener: input.value.trim() });
      } catch (error) {
        name.setError(sentenceOf(error));
      }
      return session !== null;
    },
  });
  return begun ? session : null;
}
