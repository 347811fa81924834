// What a WebSocket carries: JSON text up; msgpack down, or JSON for people who debug (connector-json.js).

import { decode } from "./msgpack.js";
import { SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from "./protocol.js";

export const subprotocol = JSON_WIRE ? SUBPROTOCOL_JSON : SUBPROTOCOL_MSGPACK;

/** Head and body of a message. @type {(data: any) => any[]} */
export const unpack = JSON_WIRE ? JSON.parse : decode;
