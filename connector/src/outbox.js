// Events wait here until the server has made them durable: over slow answers, lost connections and crashed workers.

import { isReady, send } from "./connection.js";
import { inputs } from "./controls.js";
import { fail, page } from "./page.js";
import { CLIENT_EVENT, MAX_MESSAGE_BYTES, OUTBOX_WINDOW } from "./protocol.js";

/** What `ref` and `seen` may still grow by. */
const SPARE_BYTES = 32;

/** Event messages, oldest first; the first `sent` of them are on their way. @type {any[][]} */
let events = [];
let sent = 0;
let lastRef = 0;

/**
 * @param {string} handler "" for a field update
 * @param {Record<string, any>} payload
 * @param {Record<string, any>} [fields]
 * @param {any[]} [args]
 * @returns {any} the event as it is kept, its ref at 1; none if it is too large
 */
export function push(handler, payload, fields = {}, args = []) {
  const event = [CLIENT_EVENT, lastRef + 1, 0, handler, args, payload, fields, 0];
  // The server would cut the connection, and get the event again, and cut the connection ...
  if (new Blob([JSON.stringify(event)]).size > MAX_MESSAGE_BYTES - SPARE_BYTES) return fail("too_large", handler);
  lastRef++;
  events.push(event);
  for (const field in fields) inputs.set(field, event);
  pump();
  return event;
}

/** Send what the window has room for. */
export function pump() {
  for (; isReady() && sent < OUTBOX_WINDOW && sent < events.length; send(events[sent++])) events[sent][7] = page.seen_;
}

/** @param {number} durable events up to it need not be sent again */
export function settle(durable) {
  while (events[0]?.[1] <= durable) {
    // settled for good, whatever numbers a later view counts with
    /** @type {any[]} */ (events.shift())[1] = 0;
    if (sent) sent--;
  }
  pump();
}

/** A new connection: nothing is on its way any more. */
export const rewind = () => (sent = 0);

/** A new view: its events count from 1. */
export function renumber() {
  sent = lastRef = 0;
  for (const event of events) event[1] = ++lastRef;
}
