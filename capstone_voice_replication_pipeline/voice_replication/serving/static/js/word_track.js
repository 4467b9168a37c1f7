// The text that is spoken, as words that light up when their time comes.
//
// The server names words as they were spoken ("twenty three" for "23"), in order, with exact times.
// They are laid over the words of the text; what stands for several spoken words stays lit for all.

import { el } from "./ui.js";

const LOOK_AHEAD = 6; // words of the text that may be skipped to find a spoken one

const lettersOf = (text) => text.toLowerCase().replace(/[^\p{Letter}\p{Number}]/gu, "");

/** `{node, add(words), light(seconds)}` for `text`. */
export class WordTrack {
  constructor(text) {
    this.node = el("p.word-track", { lang: "en" });
    this.tokens = []; // {node, letters, start, end}
    for (const part of text.split(/(\s+)/)) {
      if (part.trim() === "") {
        this.node.append(part);
        continue;
      }
      const node = el("span", {}, part);
      this.node.append(node);
      this.tokens.push({ node, letters: lettersOf(part), start: Infinity, end: -Infinity });
    }
    this.next = 0; // first token that no spoken word was found for yet
    this.rest = ""; // letters of the token before it that are still to be spoken
    this.reached = -1; // last token whose time has come
    this.lit = null;
  }

  /** Take note of spoken words, `{word, start, end}` in seconds, in order. */
  add(words) {
    for (const { word, start, end } of words) {
      const token = this.#tokenOf(lettersOf(word));
      if (!token) continue;
      token.start = Math.min(token.start, start);
      token.end = Math.max(token.end, end);
    }
  }

  #tokenOf(letters) {
    if (letters && this.rest.startsWith(letters)) { // "well-known" is spoken as two words
      this.rest = this.rest.slice(letters.length);
      return this.tokens[this.next - 1];
    }
    for (let i = this.next; i < Math.min(this.tokens.length, this.next + LOOK_AHEAD); i += 1) {
      if (letters && this.tokens[i].letters.startsWith(letters)) {
        this.rest = this.tokens[i].letters.slice(letters.length);
        this.next = i + 1;
        return this.tokens[i];
      }
    }
    return this.#tokenWrittenOtherwise();
  }

  /** A number, a sign, an abbreviation: the next such token, or the one that is being spoken. */
  #tokenWrittenOtherwise() {
    const upcoming = this.tokens[this.next];
    const current = this.tokens[this.next - 1];
    if (current && current.written) return current;
    if (!upcoming) return current;
    upcoming.written = true;
    this.rest = "";
    this.next += 1;
    return upcoming;
  }

  /** Light the word that sounds at `seconds`; the ones before it count as spoken. */
  light(seconds) {
    let reached = -1;
    this.tokens.forEach((token, i) => {
      if (token.start <= seconds) reached = i;
    });
    if (reached !== this.reached) {
      this.tokens.forEach((token, i) => token.node.classList.toggle("spoken", i <= reached));
      this.reached = reached;
    }
    const token = this.tokens[reached];
    const now = token && seconds < token.end ? token : null;
    if (now === this.lit) return;
    this.lit?.node.classList.remove("now");
    now?.node.classList.add("now");
    this.lit = now;
  }
}
