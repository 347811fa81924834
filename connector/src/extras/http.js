// A WebSocket made of HTTP, for browsers whose way to the server lets none through: a streaming answer brings the server's
// messages, POSTs take ours. docs/protocol.md ("Without a WebSocket") is its specification. The core loads this when its
// page is not live after a while; from then on (a cookie of this browser session) the server puts it before the core.

const COOKIE = "livets_http=1";
/** Between looks whether the page is live by now, or the server at least answers. */
const LOOK_MS = 700;
/** Of messages in one POST. */
const MAX_MESSAGES = 64;
const MAX_CHARACTERS = 1e5;

/** @param {string} url @param {unknown} content @param {AbortSignal} [signal] */
const post = (url, content, signal) => fetch(url, { method: "POST", body: JSON.stringify(content), signal });

/** What the core uses of a WebSocket. */
class Line {
  readyState = 0;
  binaryType = "";
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {(() => void) | null} */
  onclose = null;
  /** @type {((event: { data: ArrayBuffer | string }) => void) | null} */
  onmessage = null;
  /** @type {string[]} */
  #waiting = [];
  #number = 0;
  #name = "";
  #isSending = false;
  #abort = new AbortController();
  #base;

  /** @param {string} url of the socket @param {string} protocol */
  constructor(url, protocol) {
    this.#base = url.replace(/^ws/, "http").replace(/socket$/, "");
    queueMicrotask(() => this.#listen(protocol));
  }

  /** @param {string} message */
  send(message) {
    this.#waiting.push(message);
    this.#pump();
  }

  close() {
    this.readyState = 3;
    this.#abort.abort();
  }

  /** @param {string} protocol */
  async #listen(protocol) {
    if (this.readyState) return;
    this.readyState = 1;
    // What is sent now travels with the question.
    this.onopen?.();
    try {
      const { body, ok } = await post(this.#base + "down", [protocol, this.#batch()], this.#abort.signal);
      if (ok && body) {
        const reader = body.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        for (let part; !(part = await reader.read()).done; ) {
          const events = (text + part.value).split("\n\n");
          text = /** @type {string} */ (events.pop());
          for (const event of events) this.#take(event);
        }
      }
    } catch {
      // it ends, for whatever reason
    }
    this.#end();
  }

  /** @param {string} event */
  #take(event) {
    const [, kind, data] = /** @type {string[]} */ (/^(?:event:(.*)\n)?data:(.*)$/.exec(event));
    if (kind === "line") {
      this.#name = data;
      this.#pump();
    } else if (kind !== "close" && this.readyState === 1) {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      this.onmessage?.({ data: kind ? new TextDecoder().decode(bytes) : bytes.buffer });
    }
  }

  /** As many messages as one POST takes. */
  #batch() {
    let count = 0;
    for (let size = 0; count < Math.min(MAX_MESSAGES, this.#waiting.length) && size < MAX_CHARACTERS; )
      size += this.#waiting[count++].length;
    return this.#waiting.splice(0, count);
  }

  /** One POST at a time: so messages arrive in order. */
  async #pump() {
    if (this.#isSending || !this.#name) return;
    this.#isSending = true;
    while (this.#waiting.length && this.readyState === 1) {
      const content = [this.#name, ++this.#number, this.#batch()];
      const answer = await post(this.#base + "up", content).catch(() => undefined);
      if (answer?.status !== 204) this.#end();
    }
    this.#isSending = false;
  }

  #end() {
    const tell = this.readyState < 3;
    this.close();
    if (tell) this.onclose?.();
  }
}

const root = /** @type {HTMLElement} */ (document.querySelector("[data-livets]"));
const is = (/** @type {string} */ name) => root.classList.contains("livets-" + name);

/** From now on the core's sockets are lines. */
function use() {
  document.cookie = COOKIE + "; path=/; samesite=lax";
  globalThis.WebSocket = new Proxy(WebSocket, {
    construct: (real, [url, protocol]) =>
      /** @type {any} */ (String(protocol).startsWith("livets.") ? new Line(url, protocol) : new real(url, protocol)),
  });
  // A handshake that nobody answers would be waited for: the core takes a page that was hidden for one without a socket.
  // One that was refused is tried again after a while, or as soon as the network is back.
  const events = is("connecting") ? ["pagehide", "pageshow"] : is("offline") ? ["online"] : [];
  for (const type of events) dispatchEvent(new Event(type));
}

/** Is it the WebSocket alone that does not get through? */
async function look() {
  if (is("connected") || is("failed")) return;
  const url = String(root.dataset.socket).replace(/socket$/, "up");
  const isThere = await post(url, []).then(({ status }) => status === 400, () => false);
  if (isThere && !is("connected")) use();
  else setTimeout(look, LOOK_MS);
}

if (document.cookie.includes(COOKIE)) use();
else setTimeout(look, LOOK_MS);

export {};
