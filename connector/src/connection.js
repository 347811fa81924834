// The WebSocket: join, resume, heartbeat, and coming back after it was lost.

import { heal, load, mend } from "./lazy.js";
import { pump, renumber, rewind, settle } from "./outbox.js";
import { fail, page, root, setStatus } from "./page.js";
import { patch } from "./patch.js";
import * as protocol from "./protocol.js";
import { subprotocol, unpack } from "./wire.js";

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
/** Messages that wait for mend.js, and those behind them. @type {any[]} */
let frames = [];

/** @param {any[]} message lost without a connection */
export function send(message) {
  if (socket?.readyState === 1) socket.send(JSON.stringify(message));
}

/** Leave the socket alone; its last words do not count, and what still waits is sent again to a page that resumes. */
export function drop(status = "offline") {
  if (socket) {
    socket.onmessage = socket.onclose = null;
    socket.close();
  }
  socket = undefined;
  isReady = false;
  frames = [];
  rewind();
  setStatus(status);
}

function retry() {
  drop();
  timer = setTimeout(
    connectIfSeen,
    Math.random() * Math.min(protocol.RECONNECT_MAX_MS, protocol.RECONNECT_BASE_MS * 2 ** attempts++),
  );
}

/** A tab nobody looks at comes back when somebody does. */
const connectIfSeen = () => document.hidden || connect();

function connect() {
  clearTimeout(timer);
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
    // Events follow at once: a server that takes over needs those which this page has seen the results of.
    isReady = !!id;
    pump();
  };
  socket.onmessage = ({ data }) => {
    lastHeard = Date.now();
    frames.push(unpack(data));
    drain();
  };
  socket.onclose = retry;
}

/** In order: behind a message that needs mend.js the others wait. */
function drain() {
  while (frames[0]) {
    const [[kind], body] = frames[0];
    /** @type {any[]} of a PATCH or in a JOINED */
    const diff = kind ? body?.[4] : body;
    if (
      !mend &&
      (kind === protocol.FRAME_REFUSED || diff?.some((value, at) => page.needsMend_ || (at % 2 < 1 && value < 0)))
    ) {
      load().then(() => (mend ? drain() : frames[0] && retry()));
      return;
    }
    receive(frames.shift());
  }
}

/** @param {any} frame */
function receive([[kind, seq, done, durable = done, view], body]) {
  if (view || (kind === protocol.FRAME_PATCH && seq <= page.seen_)) return;
  page.done_ = done;
  if (kind === protocol.FRAME_PATCH) {
    page.seen_ = seq;
    patch(body);
  } else if (kind === protocol.FRAME_JOINED) {
    [id, secret] = body;
    attempts = 0;
    setStatus("connected");
    if (body[2] === protocol.MODE_REMOUNTED) renumber();
    // The missed frames which follow a replay have lower numbers than its JOINED.
    if (body[2] !== protocol.MODE_REPLAYED) page.seen_ = seq;
    patch(body[4]);
    isReady = true;
    heal(page.reported_);
  } else if (kind === protocol.FRAME_MOVE) {
    attempts = 2;
    retry();
  } else if (body) {
    fail(body[0], body[1]);
    if (kind === protocol.FRAME_REFUSED) {
      isRefused = true;
      mend?.refuse_();
    }
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
  document.addEventListener("visibilitychange", connectIfSeen);
  // The back-forward cache takes no page with an open socket.
  addEventListener("pagehide", () => drop());
  addEventListener("pageshow", connect);
}
