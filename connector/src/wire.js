// Messages <-> what a WebSocket carries: msgpack, or JSON for people who debug (`data-wire="json"`).

import { decode, encode } from "./msgpack.js";
import { root } from "./page.js";
import { SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from "./protocol.js";

const isJson = () => root.dataset.wire === "json";

export const subprotocol = () => (isJson() ? SUBPROTOCOL_JSON : SUBPROTOCOL_MSGPACK);

/** @param {any[]} message */
export const pack = (message) => (isJson() ? JSON.stringify(message) : encode(message));

/** @param {any} data @returns {any[]} head and body */
export const unpack = (data) => (isJson() ? JSON.parse(data) : decode(data));
