// Hydration: walk a template and the nodes of the served page (or of a clone) side by side and take references. It is
// strict; a block that does not fit is asked for again.

import { isText } from "./block.js";
import { keepRow } from "./list.js";
import { SLOT_FOR, SLOT_HTML, SLOT_IF } from "./protocol.js";
import { holdRange } from "./ranges.js";
import { report } from "./repair.js";
import { templateOf } from "./template.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Part} Part */
/** @typedef {import("./template.js").Shape} Shape */

/** The comment which ends the range that `start` opens; `start` itself when it is not a range at all. @param {any} start */
function endOf(start) {
  let depth = 0;
  for (let node = start; node; node = node.nextSibling) {
    if (node.nodeType === 8) depth += /^\[-?\d*$/.test(node.data) ? 1 : node.data === "]" ? -1 : 0;
    if (!depth) return node;
  }
  return start;
}

/** @param {Shape} shape @param {Part} [up] @param {string} [step] @returns {Block} */
export const newBlock = (shape, up, step) => ({ shape_: shape, up_: up, step_: step, parts_: [], nodes_: [] });

/**
 * Do the live siblings from `live` on fit the template's from `model` on? Answers the node after them, `undefined` if not.
 *
 * @param {Block} block @param {any} parent @param {any} live @param {any} [end] @param {any} [model] @param {boolean} [isInner]
 * @returns {any}
 */
export function walk(block, parent, live, end = null, model = templateOf(block.shape_).firstChild, isInner = false) {
  for (; model; model = model.nextSibling) {
    const { slots_, nodeType, data } = model;
    if (slots_ && isText(model) && (live === end || !isText(live))) live = parent.insertBefore(new Text(), live);
    if (live === end || live.nodeName !== model.nodeName) return undefined;
    if (!isInner) block.nodes_.push(live);
    const close = slots_ && nodeType === 8 && endOf(live);
    if (close === live) return undefined;
    for (const index of slots_ || [])
      block.parts_[index] = {
        slot_: block.shape_[1][index],
        up_: block,
        step_: index,
        node_: live,
        parent_: parent,
        end_: close,
        rows_: close && new Map(),
        classes_: live.getAttribute?.("class"),
      };
    if (close) {
      hydrateRange(block.parts_[slots_[0]]);
      live = close;
      model = model.nextSibling;
    } else if (nodeType === 1) {
      if (walk(block, live, live.firstChild, null, model.firstChild, true) !== null) {
        // a row whose element is there can be asked for by itself
        if (!block.step_ || isInner) return undefined;
        report(block);
      }
    } else if (!slots_) {
      // the white space between two rows is one node
      if (!isInner && live.length > data.length) live.splitText(data.length);
      if (live.data !== data) return undefined;
    }
    live = live.nextSibling;
  }
  return live;
}

/** @param {Part} part */
function hydrateRange(part) {
  const { slot_, node_, end_, parent_, rows_ } = part;
  const [kind, , shape, key] = slot_;
  let live = node_.nextSibling;
  if (kind === SLOT_HTML) holdRange(part);
  else if (kind === SLOT_IF) {
    // a clone's range has no number, and nothing in it
    const branch = node_.data.slice(1);
    if (shape[branch]) {
      const block = newBlock(shape[branch], part);
      rows_.set(branch, block);
      live = walk(block, parent_, live, end_);
    }
    if (live !== end_) report(part);
  } else if (kind === SLOT_FOR)
    for (let index = 0; live !== end_; index++) {
      const row = newBlock(shape, part, String(index));
      live = walk(row, parent_, live, end_);
      if (!live || !keepRow(row, key)) return report(part);
    }
}
