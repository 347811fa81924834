// What the server sends for the whole view: a diff of its root block, and operations that stand beside it.

import { changeBlock, fillBlock } from "./block.js";
import { build, keepingFocus, setInput } from "./controls.js";
import { addressBar, fetchEdits } from "./extras.js";
import { emit, page } from "./page.js";
import * as protocol from "./protocol.js";

/** @param {any[]} diff */
export function patch(diff) {
  keepingFocus(() => changeBlock(page.view_, diff));
  emit("patched");
}

/** @param {number} op @param {any} value for two arguments a list */
export function operate(op, value) {
  if (op === protocol.OP_TITLE) document.title = value;
  else if (op === protocol.OP_NAVIGATE) addressBar().then((navigate) => navigate(value));
  else if (op === protocol.OP_SET_INPUT) setInput(.../** @type {[string, any]} */ (value));
  else if (op === protocol.OP_BUILD) build(.../** @type {[any[], any]} */ (value));
  else if (op === protocol.OP_FILL) fillBlock(page.view_, value);
  else if (op === protocol.OP_SHAPE) {
    [page.fingerprint_, page.shape_] = value;
    fetchEdits(page.shape_);
  }
}
