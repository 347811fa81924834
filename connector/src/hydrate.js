// Hydration: walk a template and the nodes of the served page (or of a clone) side by side and take references. It is
// strict; a block that does not fit is asked for again.

import { isText } from "./block.js";
import { held, hold } from "./held.js";
import { keepRow } from "./list.js";
import { attribute, member } from "./member.js";
import { root } from "./page.js";
import { SLOT_HTML, SLOT_IF } from "./protocol.js";
import { between } from "./ranges.js";
import { report } from "./repair.js";
import { templateOf } from "./template.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Part} Part */
/** @typedef {import("./template.js").Shape} Shape */

/** The comment which ends the range that `start` opens; `start` itself when it is not a range at all. @param {any} start */
function endOf(start) {
  let depth = 0;
  for (let node = start; node; node = node.nextSibling) {
    // nothing but the page's own comments may look like this: "[", "[2", "]"
    const mark = node.nodeType === 8 && /^(\[-?\d*|])$/.test(node.data);
    if (mark) depth += node.data === "]" ? -1 : 1;
    if (!depth) return node;
  }
  return start;
}

/** @param {Shape} shape @param {Part} [up] @param {string} [step] @returns {Block} */
export const newBlock = (shape, up, step) => ({
  shape_: shape,
  up_: up,
  step_: step,
  parts_: [],
  nodes_: [],
});

/**
 * Do the live siblings from `live` on fit the template's from `model` on? Answers the node after them, `undefined` if not.
 *
 * @param {Block} block @param {any} live @param {any} [end] @param {any} [model]
 * @param {any} [inner] the parent, for nodes which are not at the block's top
 * @returns {any}
 */
export function walk(block, live, end = null, model = templateOf(block.shape_).firstChild, inner) {
  // a clone's top-level nodes have yet to move there
  const parent = inner || block.up_?.parent_ || root;
  for (; model; model = model.nextSibling) {
    const { slots_, nodeType, data } = model;
    if (slots_ && isText(model) && !isText(live)) live = member(parent, "insertBefore").call(parent, new Text(), live);
    if (live === end || live.nodeName !== model.nodeName) return undefined;
    if (!inner) block.nodes_.push(live);
    const close = slots_ && nodeType === 8 && endOf(live);
    if (close === live) return undefined;
    for (const index of slots_ || []) {
      const slot = block.shape_[1][index];
      block.parts_[index] = {
        slot_: slot,
        broken_: slot.frozen_,
        up_: block,
        step_: index,
        node_: live,
        parent_: parent,
        end_: close,
        rows_: slot[0] > SLOT_HTML ? new Map() : undefined,
        classes_: nodeType === 1 && attribute(live, "class"),
        data_: live.data,
      };
    }
    if (close) {
      hydrateRange(block.parts_[slots_[0]]);
      live = close;
      model = model.nextSibling;
    } else if (nodeType === 1) {
      // what is in `ts-ignore` belongs to other scripts once it is in the page
      if (!(attribute(model, "ts-ignore") != null && live.isConnected) && walk(block, live.firstChild, null, model.firstChild, live) !== null) {
        // a row whose element is there can be asked for by itself
        if (!block.step_ || inner) return undefined;
        report(block);
      }
    } else if (!slots_) {
      // the white space between two rows is one node
      if (!inner && live.length > data.length) live.splitText(data.length);
      if (live.data !== data) return undefined;
    }
    live = live.nextSibling;
  }
  return live;
}

/** @param {Part} part */
function hydrateRange(part) {
  const { slot_, node_, end_, rows_ } = part;
  const [kind, , shape, key] = slot_;
  let live = node_.nextSibling;
  if (kind === SLOT_IF) {
    // a clone's range has no number, and nothing in it
    const branch = node_.data.slice(1);
    if (shape[branch]) {
      const block = newBlock(shape[branch], part);
      rows_.set(+branch, block);
      live = walk(block, live, end_);
    }
    if (live !== end_) report(part);
  } else if (kind === SLOT_HTML) {
    hold(held, node_, between(live, end_));
  } else
    for (let index = 0; live !== end_; index++) {
      const row = newBlock(shape, part, index + "");
      live = walk(row, live, end_);
      if (!live || !keepRow(row, key)) return report(part);
    }
}
