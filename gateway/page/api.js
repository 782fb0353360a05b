// SPDX-License-Identifier: Apache-2.0
// The REST interface: requests with the token, and what their answers say.
import { signOut, token } from "./session.js";

export const ROOT = "/backend/api/v1";

/** An answer that is an error, or that there was none. */
export class ApiError extends Error {
  /**
   * @param {number} status  HTTP status; 0: there was no answer.
   * @param {any} error      The answer's `error` object, or what stands in for it.
   * @param {Headers} [headers]
   */
  constructor(status, error, headers) {
    super(error.message || `HTTP status ${status}`);
    this.status = status;
    this.reason = error.reason || "";
    /** @type {Object<string, string>} */
    this.info = error.metadata || {};
    /** @type {{field: string, description: string}[]} */
    this.violations = error.fieldViolations || [];
    this.retryAfter = Number(headers?.get("Retry-After")) || 0;
    this.requestId = headers?.get("X-Request-Id") || "";
  }

  /** Whether the same request may well succeed a little later. */
  get isPassing() {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

/**
 * @typedef {object} Answer
 * @property {any} data          The JSON, or null.
 * @property {string} etag       Of the resource; "" when it has none.
 * @property {string} next       Target of the next page; "" when this was the last one.
 */

/**
 * @typedef {object} Options
 * @property {any} [body]
 * @property {string} [etag]     Of the state that the change is meant for.
 * @property {string} [key]      Makes repeating the request harmless.
 * @property {AbortSignal} [signal]
 * @property {string} [token]    Instead of the session's: trying one out does not sign anybody out.
 */

/** Tells listeners of "change" that something was written, so that what was kept is old. */
export const changes = new EventTarget();

/**
 * Sends a request.
 *
 * @param {string} method
 * @param {string} target  Path and query.
 * @param {Options} [options]
 * @returns {Promise<Answer>}  Throws ApiError, and DOMException when the signal aborted it.
 */
export async function send(method, target, options = {}) {
  const used = token();
  const response = await fetchAnswer(method, target, options);
  const data = await readJson(response, options.signal);
  if (!response.ok) {
    const error = new ApiError(response.status, data?.error ?? {}, response.headers);
    if (response.status === 401 && options.token === undefined && token() === used) {
      signOut(error.message);
    }
    throw error;
  }
  if (method !== "GET" && !target.includes("validateOnly=true")) {
    changes.dispatchEvent(new Event("change"));
  }
  return {
    data,
    etag: response.headers.get("ETag") ?? "",
    next: nextTarget(response.headers.get("Link")),
  };
}

/** @param {Options} options */
function requestHeaders(options) {
  const headers = new Headers({ Accept: "application/json" });
  headers.set("Authorization", `Bearer ${options.token ?? token() ?? ""}`);
  if (options.body !== undefined) {
    headers.set("Content-Type", "application/json");
  }
  if (options.etag) {
    headers.set("If-Match", options.etag);
  }
  if (options.key) {
    headers.set("Idempotency-Key", options.key);
  }
  return headers;
}

/**
 * @param {string} method
 * @param {string} target
 * @param {Options} options
 */
async function fetchAnswer(method, target, options) {
  try {
    return await fetch(target, {
      method,
      headers: requestHeaders(options),
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      cache: "no-store",
      redirect: "error",
    });
  } catch (cause) {
    throw options.signal?.aborted ? cause : noAnswer();
  }
}

/**
 * @param {Response} response
 * @param {AbortSignal} [signal]
 */
async function readJson(response, signal) {
  let text;
  try {
    text = await response.text();
  } catch (cause) {
    throw signal?.aborted ? cause : noAnswer();
  }
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function noAnswer() {
  return new ApiError(0, { message: "The server does not answer." });
}

/**
 * The target that a Link header names as rel="next".
 *
 * @param {string | null} header
 */
export function nextTarget(header) {
  for (const part of (header ?? "").split(/,\s*(?=<)/)) {
    const found = /^<([^>]*)>.*;\s*rel="?next"?/.exec(part);
    if (found) {
      const url = new URL(found[1], location.origin);
      return url.origin === location.origin ? url.pathname + url.search : "";
    }
  }
  return "";
}

/**
 * Path of a resource or collection: segments are encoded.
 *
 * @param {...string} segments
 */
export function path(...segments) {
  return [ROOT, ...segments.map(encodeURIComponent)].join("/");
}

/**
 * A query: parameters without a value are left out.
 *
 * @param {Object<string, string | number | boolean | undefined | null>} parameters
 */
export function query(parameters) {
  const pairs = Object.entries(parameters).filter(([, value]) => value || value === 0);
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

/** A random UUID; crypto.randomUUID() is not there on plain HTTP. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Gives keys to a form's requests: the same request again has the same key, so it acts once. */
export class Keys {
  #request = "";
  #key = "";

  /** @param {...any} request  All that makes the request what it is. */
  keyOf(...request) {
    const text = JSON.stringify(request);
    if (text !== this.#request) {
      this.#request = text;
      this.#key = newKey();
    }
    return this.#key;
  }
}
