// Talking to the server: JSON, uploads with progress, server-sent events. Errors are sentences.

import { askForKey } from "./session.js";

/** What went wrong, as a sentence for people. `field` names the value at fault, if there is one. */
export class ApiError extends Error {
  constructor(sentence, { code = "unreachable", status = 0, field = null, retryAfter = null } = {}) {
    super(sentence);
    this.name = "ApiError";
    Object.assign(this, { code, status, field, retryAfter });
  }
}

/** The sentence of any error. */
export function sentenceOf(error) {
  if (error instanceof ApiError) return error.message;
  if (error?.name === "AbortError") return "Stopped.";
  console.error(error);
  return "Something went wrong in this page. Reload it and try again.";
}

const asSentence = (text) => {
  const trimmed = text.trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
};

/** The error that the answer of `status` with this body text is. */
function errorOf(status, text, retryAfter) {
  let problem = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // not a problem detail: a proxy's page, for example
  }
  let sentence = problem.detail || problem.title || `The server answered with status ${status}`;
  if (status === 429 && retryAfter) {
    sentence = `${asSentence(sentence)} Try again in ${retryAfter} seconds`;
  }
  const { code = "http_error", field = null } = problem;
  return new ApiError(asSentence(sentence), { code, status, field, retryAfter });
}

const unreachable = () =>
  new ApiError("The server cannot be reached. Check that it is running, then try again.");

async function send(path, { method = "GET", json, body, signal, headers = {} } = {}) {
  const request = { method, signal, headers: { ...headers }, body };
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    request.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  const error = errorOf(response.status, await response.text(), response.headers.get("Retry-After"));
  if (response.status === 401 && (await askForKey())) {
    return send(path, { method, json, body, signal, headers });
  }
  throw error;
}

/** Send a form with progress (fetch has none). `onProgress(fraction)`, 1 when all of it is sent. */
function upload(path, form, { onProgress = () => {}, signal, method = "POST" } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open(method, path);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("Stopped.", "AbortError"));
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    request.onload = async () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(JSON.parse(request.responseText));
        return;
      }
      const wait = request.getResponseHeader("Retry-After");
      const error = errorOf(request.status, request.responseText, wait);
      if (request.status === 401 && (await askForKey())) {
        upload(path, form, { onProgress, signal, method }).then(resolve, reject);
      } else {
        reject(error);
      }
    };
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) reject(new DOMException("Stopped.", "AbortError"));
    else request.send(form);
  });
}

/** The events of a stream, as they come: `{event, data}` with `data` parsed from JSON. */
async function* events(path, options = {}) {
  const headers = { Accept: "text/event-stream" };
  const response = await send(path, { ...options, headers });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      buffer = (buffer + value).replace(/\r\n/g, "\n");
      let end;
      while ((end = buffer.indexOf("\n\n")) >= 0) {
        const parsed = parseEvent(buffer.slice(0, end));
        buffer = buffer.slice(end + 2);
        if (parsed) yield parsed;
      }
    }
  } catch (error) {
    if (error instanceof TypeError) throw unreachable(); // the connection broke in between
    throw error;
  } finally {
    reader.cancel().catch(() => {}); // also when the consumer stops early: frees the connection
  }
}

/** One block of an event stream, or null for a comment. */
function parseEvent(block) {
  let event = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  if (data.length === 0 || data[0] === "[DONE]") return null;
  return { event, data: JSON.parse(data.join("\n")) };
}

export const api = {
  get: async (path, options) => (await send(path, options)).json(),
  post: async (path, json, options) =>
    (await send(path, { ...options, method: "POST", json })).json(),
  delete: async (path, options) => (await send(path, { ...options, method: "DELETE" })).json(),
  /** The bare Response, errors already thrown: for binary answers. */
  send,
  upload,
  events,
};
