// The socket /livets/dev: what the server says about files that have changed, and what the page does then.

import { hide, show } from "./overlay.js";
import { swap } from "./styles.js";

const RETRY_MS = 250;
const NUDGES = 20;
const NUDGE_MS = 150;

/** @type {string | undefined} of the server's process */
let boot;
/** Another one: the page itself, not only its view, is old. @type {string | undefined} */
let document_;
let isBroken = false;
/** How often the connector may still be told to come back at once. */
let nudges = 0;
/** @type {number | undefined} */
let timer;

/** @returns {Element | null} the view's element; none on a page that could not be made */
const root = () => document.querySelector("[data-livets]");

/** Has the page a view that comes back by itself? */
const isLive = () => !!root() && !root()?.classList.contains("livets-failed");

/** The connector waits before it connects again, longer each time; here somebody is waiting, and the server is there. */
function nudge() {
  clearTimeout(timer);
  if (isBroken || nudges <= 0) return;
  if (root()?.classList.contains("livets-offline")) {
    nudges--;
    document.dispatchEvent(new Event("visibilitychange"));
  }
  timer = setTimeout(nudge, NUDGE_MS);
}

/** The server has something newer: take it, with the view's state if it can be kept. */
function renew() {
  if (!isLive()) location.reload();
  nudges = NUDGES;
  nudge();
}

/** @param {any} failure {title, text, hint} or null */
function fail(failure) {
  isBroken = !!failure;
  if (failure) show({ ...failure, label: "The program can't go on", isLasting: true });
  else hide();
}

/** @param {any} message */
function receive(message) {
  if (message.kind === "hello") {
    const isNew = boot && boot !== message.boot;
    const isOld = document_ && document_ !== message.document && !message.failure;
    boot = message.boot;
    if (!message.failure) document_ = message.document;
    if (isOld) location.reload();
    else if (message.failure) {
      if (root()) fail(message.failure);
    } else if (isNew) {
      fail(null);
      renew();
    }
  } else if (message.kind === "failure") {
    fail(message.failure);
  } else if (message.kind === "styles") {
    swap(message.names);
  } else if (message.kind === "refresh") {
    hide();
    renew();
  } else if (message.kind === "reload") {
    location.reload();
  }
}

/** Listen for as long as the page is open. */
export function follow() {
  const url = new URL("dev", import.meta.url);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => receive(JSON.parse(data));
  socket.onclose = () => setTimeout(follow, RETRY_MS);
  addEventListener("pagehide", () => (socket.onclose = null), { once: true });
}
