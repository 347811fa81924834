// The WebSocket: join, resume, heartbeat, and coming back after it was lost.

import { pump, renumber, rewind, settle } from "./outbox.js";
import { fail, progress, root, setStatus } from "./page.js";
import { fingerprint, patch } from "./patch.js";
import * as protocol from "./protocol.js";
import { reportAgain } from "./repair.js";
import { pack, subprotocol, unpack } from "./wire.js";

const RELOAD_PAUSE_MS = 60_000;

/** @type {WebSocket | undefined} */
let socket;
/** May events be sent? */
export let isReady = false;
let isRefused = false;
/** Of the view on the server; the secret stays in this variable. @type {string | undefined} */
let id;
/** @type {string} */
let secret;
let attempts = 0;
let lastHeard = 0;
/** @type {number | undefined} */
let timer;

/** @param {any[]} message lost without a connection */
export function send(message) {
  if (socket?.readyState === 1) socket.send(pack(message));
}

/** Leave the socket alone; its last words do not count. */
function drop() {
  if (socket) socket.onmessage = socket.onclose = null;
  socket?.close();
  socket = undefined;
  isReady = false;
  rewind();
  setStatus("offline");
}

function retry() {
  drop();
  const most = Math.min(protocol.RECONNECT_MAX_MS, protocol.RECONNECT_BASE_MS * 2 ** attempts++);
  // A tab nobody looks at comes back when somebody does.
  timer = setTimeout(() => document.hidden || connect(), Math.random() * most);
}

function connect() {
  clearTimeout(timer);
  if (socket || isRefused) return;
  setStatus("connecting");
  lastHeard = Date.now();
  socket = new WebSocket(location.origin.replace("http", "ws") + root.dataset.socket, subprotocol());
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    const url = location.pathname + location.search;
    if (id) {
      send([protocol.CLIENT_RESUME, 0, id, secret, url, progress.seen_, progress.done_, fingerprint]);
      // Events follow at once: a server that takes over needs those which this page has seen the results of.
      isReady = true;
      pump();
    } else send([protocol.CLIENT_JOIN, 0, root.dataset.livets, url]);
  };
  socket.onmessage = ({ data }) => {
    lastHeard = Date.now();
    receive(unpack(data));
  };
  socket.onclose = retry;
}

/** @param {any[]} frame */
function receive([[kind, seq, done, durable, view], body]) {
  if (view || (kind === protocol.FRAME_PATCH && seq <= progress.seen_)) return;
  let mode;
  let diff = body;
  if (kind === protocol.FRAME_JOINED) {
    [id, secret, mode, , diff] = body;
    attempts = 0;
    setStatus("connected");
    if (mode === protocol.MODE_REMOUNTED) renumber();
  } else if (kind === protocol.FRAME_ERROR || kind === protocol.FRAME_REFUSED) {
    fail(body[0], body[1]);
    if (kind === protocol.FRAME_REFUSED) return refuse();
  } else if (kind === protocol.FRAME_MOVE) {
    attempts = 2;
    return retry();
  }
  progress.done_ = done;
  if (kind <= protocol.FRAME_JOINED) {
    // The missed frames which follow a replay have lower numbers than its JOINED.
    if (mode !== protocol.MODE_REPLAYED) progress.seen_ = seq;
    patch(diff);
  }
  if (kind === protocol.FRAME_JOINED) {
    reportAgain();
    isReady = true;
  }
  settle(durable ?? done);
}

/** A fresh page is the way out, unless that was tried a moment ago. */
function refuse() {
  isRefused = true;
  drop();
  setStatus("failed");
  const now = Date.now();
  if (now - sessionStorage.livets < RELOAD_PAUSE_MS) return;
  sessionStorage.livets = now;
  location.reload();
}

function beat() {
  if (!socket) return;
  if (Date.now() - lastHeard > protocol.HEARTBEAT_TIMEOUT_S * 1000) retry();
  else send([protocol.CLIENT_BEAT, progress.seen_]);
}

export function open() {
  connect();
  setInterval(beat, protocol.HEARTBEAT_S * 1000);
  document.addEventListener("visibilitychange", () => document.hidden || connect());
  // The back-forward cache takes no page with an open socket.
  addEventListener("pagehide", drop);
  addEventListener("pageshow", ({ persisted }) => persisted && connect());
}
