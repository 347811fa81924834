// The WebSocket: join, resume, heartbeat, and coming back after it was lost.

import { pump, renumber, rewind, settle } from "./outbox.js";
import { emit, progress, root, setStatus } from "./page.js";
import { fingerprint, patch } from "./patch.js";
import * as protocol from "./protocol.js";
import { reportAgain } from "./repair.js";
import { pack, subprotocol, unpack } from "./wire.js";

/** @type {WebSocket | undefined} */
let socket;
/** May events be sent? */
export let isReady = false;
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
  if (socket) return;
  setStatus("connecting");
  lastHeard = Date.now();
  const opened = new WebSocket(new URL(root.dataset.socket || "", location.href).href.replace(/^http/, "ws"), subprotocol());
  socket = opened;
  opened.binaryType = "arraybuffer";
  opened.onopen = () => {
    const url = location.pathname + location.search;
    if (id) {
      send([protocol.CLIENT_RESUME, 0, id, secret, url, progress.seen_, progress.done_, fingerprint]);
      // Events follow at once: a server that takes over needs those which this page has seen the results of.
      isReady = true;
      pump();
    } else send([protocol.CLIENT_JOIN, 0, root.dataset.livets, url]);
  };
  opened.onmessage = ({ data }) => {
    lastHeard = Date.now();
    receive(unpack(data));
  };
  opened.onclose = retry;
}

/** @param {any[]} frame */
function receive([[kind, seq, done, durable, view], body]) {
  if (view) return;
  if (kind === protocol.FRAME_JOINED) {
    [id, secret] = body;
    attempts = 0;
    setStatus("connected");
    if (body[2] === protocol.MODE_REMOUNTED) renumber();
    // The missed frames that follow have lower numbers than this one.
    if (body[2] !== protocol.MODE_REPLAYED) progress.seen_ = seq;
  } else if (kind === protocol.FRAME_PATCH) {
    if (seq <= progress.seen_) return;
    progress.seen_ = seq;
  } else if (kind === protocol.FRAME_ERROR) {
    const [code, message] = body;
    console.error(`livets: ${code}: ${message}`);
    emit("error", { code, message });
  } else if (kind === protocol.FRAME_REFUSED) return refuse(body);
  else if (kind === protocol.FRAME_MOVE) {
    attempts = 2;
    return retry();
  }
  progress.done_ = done;
  if (kind === protocol.FRAME_PATCH) patch(body);
  else if (kind === protocol.FRAME_JOINED) {
    patch(body[4]);
    reportAgain();
    isReady = true;
  }
  settle(durable ?? done);
}

/** A fresh page is the way out, unless that was tried a moment ago. @param {any[]} reason */
function refuse([code, message]) {
  drop();
  try {
    if (Date.now() - sessionStorage.livets < 60_000) throw `livets: ${code}: ${message}`;
    sessionStorage.livets = Date.now();
    location.reload();
  } catch (error) {
    console.error(error);
    setStatus("failed");
  }
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
