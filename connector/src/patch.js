// What the server sends for the whole view: a diff of its root block, and operations that stand beside it.

import { changePart, fillBlock } from "./block.js";
import { keepFocus, keepInput } from "./focus.js";
import { hydrate } from "./hydrate.js";
import { setInput } from "./controls.js";
import { emit } from "./page.js";
import { OP_BUILD, OP_FILL, OP_SET_INPUT, OP_SHAPE, OP_TITLE } from "./protocol.js";
import { rebuild, report, setView, view } from "./repair.js";

/** The view's shape. @type {import("./template.js").Shape[]} */
let shape;

/** Fingerprint of the template that the page's nodes belong to. @type {string | undefined} */
export let fingerprint;

/** @param {string | undefined} name @param {any} blocks */
export function adopt(name, blocks) {
  fingerprint = name;
  shape = blocks;
  setView(hydrate(shape[0]));
}

/** @param {number} op @param {any} value */
function operate(op, value) {
  if (op === OP_TITLE) document.title = value;
  else if (op === OP_SET_INPUT) setInput(value[0], value[1]);
  else if (op === OP_BUILD) keepInput(() => rebuild(value[0], value[1], shape[0]));
  else if (op === OP_FILL) fillBlock(view, value);
  else if (op === OP_SHAPE) [fingerprint, shape] = value;
}

/** @param {any[]} diff */
export function patch(diff) {
  keepFocus(() => {
    try {
      for (let at = 0; at < diff.length; at += 2)
        if (diff[at] < 0) operate(diff[at], diff[at + 1]);
        else if (!view.broken_) changePart(view.parts_[diff[at]], diff[at + 1]);
    } catch (error) {
      // A fault here must not end in a page that is quietly wrong.
      console.error(error);
      report(view);
    }
  });
  emit("patched");
}
