// The other half of the connector, fetched when it is needed (lazy.js): what makes and moves nodes, and what a page needs
// only in trouble: blocks built again, inputs that the server insists on, a join that was refused.

import { fillBlock, putRange } from "./mend/build.js";
import { core, setCore } from "./mend/core.js";
import { rememberFocus } from "./mend/focus.js";
import { build, leave, setInput, writeTo } from "./mend/inputs.js";
import { changeList } from "./mend/list.js";
import { addressOf } from "./mend/repair.js";
import { CLIENT_HEAL, OP_BUILD, OP_FILL, OP_SET_INPUT, OP_SHAPE, OP_TITLE } from "./protocol.js";

const RELOAD_PAUSE_MS = 60_000;

/** A fresh page is the way out, unless that was tried a moment ago. */
function refuse() {
  core.drop_("failed");
  const now = Date.now();
  if (now - sessionStorage.livets < RELOAD_PAUSE_MS) return;
  sessionStorage.livets = now;
  location.reload();
}

/** @param {number} op @param {any} value */
function operate(op, value) {
  const { page_ } = core;
  if (op === OP_TITLE) document.title = value;
  else if (op === OP_SET_INPUT) setInput(value[0], value[1]);
  else if (op === OP_BUILD) build(value[0], value[1]);
  else if (op === OP_FILL) fillBlock(page_.view_, value);
  else if (op === OP_SHAPE) [page_.fingerprint_, page_.shape_] = value;
}

/** @param {import("./lazy.js").Core} it */
export default function start(it) {
  setCore(it);
  return {
    putRange_: putRange,
    changeList_: changeList,
    operate_: operate,
    refuse_: refuse,
    rememberFocus_: rememberFocus,
    leave_: leave,
    writeTo_: writeTo,
    /** @param {import("./block.js").Block} block */
    ask_: (block) => core.send_([CLIENT_HEAL, 0, addressOf(block)]),
  };
}
