// The WebSocket: join, resume, heartbeat, and coming back after it was lost.

import { patch } from "./controls.js";
import { blur, flush } from "./events.js";
import { release } from "./feedback.js";
import { pump, renumber, rewind, settle } from "./outbox.js";
import { fail, page, root, setStatus } from "./page.js";
import * as protocol from "./protocol.js";
import { askAgain } from "./repair.js";
import { subprotocol, unpack } from "./wire.js";

const FRESH_MS = 60_000;

/** @type {WebSocket | undefined} */
let socket;
/** @type {boolean | undefined} */
let isRefused;
/** Of the view on the server; the secret stays in this variable. @type {string | undefined} */
let id;
/** @type {string} */
let secret;
let attempts = 0;
let lastHeard = 0;

/** May messages be sent? */
const isOpen = () => socket?.readyState === 1;

/** May events be sent? They follow a Resume at once: a server that takes over needs those which this page has seen the results of. */
export const isReady = () => id && isOpen();

/** @param {any[]} message lost without a connection */
export const send = (message) => isOpen() && /** @type {WebSocket} */ (socket).send(JSON.stringify(message));

/** Leave the socket alone; its last words do not count. */
function drop(status = "offline") {
  if (socket) {
    socket.onmessage = socket.onclose = null;
    socket.close();
  }
  socket = undefined;
  rewind();
  setStatus(status);
}

function retry() {
  drop();
  setTimeout(
    connectIfSeen,
    Math.random() * Math.min(protocol.RECONNECT_MAX_MS, protocol.RECONNECT_BASE_MS * 2 ** attempts++),
  );
}

/** A tab nobody looks at comes back when somebody does. */
const connectIfSeen = () => document.hidden || connect();

function connect() {
  if (socket || isRefused) return;
  setStatus("connecting");
  lastHeard = Date.now();
  socket = new WebSocket(location.origin.replace("http", "ws") + root.dataset.socket, subprotocol);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    const url = location.pathname + location.search;
    send(
      id
        ? [protocol.CLIENT_RESUME, 0, id, secret, url, page.seen_, page.done_, page.fingerprint_]
        : [protocol.CLIENT_JOIN, 0, root.dataset.livets, url],
    );
    pump();
  };
  socket.onmessage = ({ data }) => {
    lastHeard = Date.now();
    receive(unpack(data));
  };
  socket.onclose = retry;
}

/** A fresh page is the way out, unless this is one. */
function refuse() {
  isRefused = true;
  drop("failed");
  if (performance.now() > FRESH_MS) location.reload();
}

/** @param {any} frame */
function receive([[kind, seq, done, durable = done, view], body]) {
  // a PATCH is of kind 0
  if (view || (!kind && seq <= page.seen_)) return;
  page.done_ = done;
  release();
  if (!kind) {
    page.seen_ = seq;
    patch(body);
  } else if (kind === protocol.FRAME_JOINED) {
    let mode, diff;
    [id, secret, mode, , diff] = body;
    attempts = 0;
    setStatus("connected");
    if (mode === protocol.MODE_REMOUNTED) renumber();
    // The missed frames which follow a replay have lower numbers than its JOINED.
    if (mode !== protocol.MODE_REPLAYED) page.seen_ = seq;
    askAgain();
    patch(diff);
  } else if (kind === protocol.FRAME_MOVE) {
    attempts = 2;
    retry();
  } else if (body) {
    fail(.../** @type {[string, string, number]} */ (body));
    if (kind === protocol.FRAME_REFUSED) refuse();
  }
  settle(durable);
}

function beat() {
  if (socket && Date.now() - lastHeard > protocol.HEARTBEAT_TIMEOUT_S * 1000) retry();
  else send([protocol.CLIENT_BEAT, page.seen_]);
}

export function open() {
  connect();
  setInterval(beat, protocol.HEARTBEAT_S * 1000);
  addEventListener("focusout", blur);
  addEventListener("pagehide", () => {
    flush();
    // The back-forward cache takes no page with an open socket.
    drop();
  });
  for (const type of ["online", "pageshow", "visibilitychange"]) addEventListener(type, connectIfSeen);
}
