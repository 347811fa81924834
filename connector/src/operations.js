// Operations that stand beside the changes in a diff of the root block.

import { fillBlock } from "./block.js";
import { build, setInput } from "./controls.js";
import { prepare, startNavigation } from "./extras.js";
import { page } from "./page.js";
import * as protocol from "./protocol.js";

/** @param {number} op @param {any} value for two arguments a list */
export function operate(op, value) {
  if (op === protocol.OP_TITLE) document.title = value;
  else if (op === protocol.OP_SET_INPUT) setInput(.../** @type {[string, any]} */ (value));
  else if (op === protocol.OP_BUILD) build(.../** @type {[any[], any]} */ (value));
  else if (op === protocol.OP_FILL) fillBlock(page.view_, value);
  else if (op === protocol.OP_SHAPE) {
    [page.fingerprint_, page.shape_] = value;
    prepare(value);
  } else if (op === protocol.OP_NAVIGATE) 
    startNavigation().then(
      (go) => go(value),
      // the way without it
      () => location.assign(value[1]),
    );
}
