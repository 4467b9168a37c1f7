// From what was dropped or chosen to systems with their clips: a folder for each system.

const SOUND = /\.(wav|flac|ogg|oga|opus|mp3|m4a|aac|aiff?)$/i;

/** "top/ours/one.wav" -> {system: "ours", clip: "one"}; system "" for a file in no folder. */
function nameOf(path) {
  const parts = path.split("/").filter(Boolean);
  return { system: parts.at(-2) ?? "", clip: parts.at(-1).replace(/\.[^.]*$/, "") };
}

/** Files chosen through an input, as samples `{system, clip, file}`. What is no sound is left out. */
export function samplesOfFiles(files) {
  return files.filter((file) => SOUND.test(file.name)).map((file) => ({
    ...nameOf(file.webkitRelativePath || file.name), file,
  }));
}

/** What was dropped, with the folders it lay in. */
export async function samplesOfDrop(dataTransfer) {
  // The entries must be taken now: the list is empty once this event is over.
  const entries = [...dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = await Promise.all(entries.map((entry) => filesOf(entry)));
  return found.flat().filter(({ file }) => SOUND.test(file.name)).map(({ path, file }) => ({ ...nameOf(path), file }));
}

/** All files in and under `entry`, with their paths. */
async function filesOf(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ path: entry.fullPath, file }];
  }
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break; // it hands out a folder in pieces
    inside.push(...some);
  }
  return (await Promise.all(inside.map((one) => filesOf(one)))).flat();
}

/** Why `systems` (name -> Map of clips) cannot make a test of `kind`; "" if they can. */
export function whyNot(kind, systems) {
  const names = [...systems.keys()];
  const clips = new Set(names.flatMap((name) => [...systems.get(name).keys()]));
  if (clips.size === 0) return "Add samples first.";
  for (const name of names) {
    const missing = [...clips].filter((clip) => !systems.get(name).has(clip));
    if (missing.length) {
      const more = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
      return `${name} lacks ${missing.slice(0, 3).join(", ")}${more}; every system needs the same clips.`;
    }
  }
  if (kind === "abx" && names.length !== 2) return `An ABX test compares exactly two systems, not ${names.length}.`;
  if (kind === "mushra" && !names.includes("reference")) return "A MUSHRA test needs a system called “reference” with the unprocessed clips.";
  if (kind === "mushra" && names.length < 2) return "A MUSHRA test needs a system beside the reference.";
  if (kind === "mos" && clips.size < names.length) return `A MOS test of ${names.length} systems needs at least ${names.length} clips: nobody hears a clip twice.`;
  return "";
}
