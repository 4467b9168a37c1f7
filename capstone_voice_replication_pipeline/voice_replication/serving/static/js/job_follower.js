// Following jobs that are still going on, through lost connections and restarts of the server.

import { sentenceOf } from "./api.js";

const MOST = 2; // streams at once: browsers have six connections to a server, for all tabs together
const FIRST_WAIT = 1000; // milliseconds until the next attempt; doubled while it fails
const LAST_WAIT = 10_000;

export const isFinal = (job) => ["succeeded", "failed", "cancelled"].includes(job.state);

/** Calls `onJob(job)` on every change, `onGone(id)` and `onLost(id, sentence)`. */
export class JobFollower {
  constructor(api, { onJob, onGone, onLost }) {
    Object.assign(this, { api, onJob, onGone, onLost });
    this.streams = new Map(); // job id -> AbortController
  }

  /** Follow those of `jobs` (newest first) that go on: what runs, then what waits longest. */
  follow(jobs) {
    const active = jobs.filter((job) => !isFinal(job)).reverse();
    active.sort((one, other) => (other.state === "running") - (one.state === "running"));
    const wanted = new Set(active.slice(0, MOST).map((job) => job.id));
    for (const [id, control] of this.streams) {
      if (!wanted.has(id)) control.abort();
    }
    for (const id of wanted) {
      if (!this.streams.has(id)) this.#start(id);
    }
  }

  stop() {
    for (const control of this.streams.values()) control.abort();
    this.streams.clear();
  }

  async #start(id) {
    const control = new AbortController();
    this.streams.set(id, control);
    await this.#run(id, control.signal);
    if (this.streams.get(id) === control) this.streams.delete(id);
  }

  async #run(id, signal) {
    let wait = FIRST_WAIT;
    while (!signal.aborted) {
      try {
        for await (const { data } of this.api.events(`/v1/jobs/${id}/events`, { signal })) {
          if (signal.aborted) return;
          wait = FIRST_WAIT;
          if (isFinal(data)) this.streams.delete(id);
          this.onJob(data);
          if (isFinal(data)) return;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 404) {
          this.onGone(id);
          return;
        }
        this.onLost(id, sentenceOf(error));
      }
      await pause(wait, signal);
      wait = Math.min(LAST_WAIT, 2 * wait);
    }
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
