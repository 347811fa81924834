// Hydration: walk a template and the nodes of the served page (or of a clone) side by side and take references. It is
// strict; a block that does not fit is asked for again.

import { newPart } from "./block.js";
import { report } from "./lazy.js";
import { keepRow } from "./rows.js";
import { isText } from "./nodes.js";
import { root } from "./page.js";
import { SLOT_FOR, SLOT_IF } from "./protocol.js";
import { EMPTY, newBlock, templateOf } from "./template.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Part} Part */
/** @typedef {import("./template.js").Shape} Shape */

/** The comment which ends the range that `start` opens. @param {any} start */
function endOf(start) {
  let depth = 0;
  for (let node = start; node; node = node.nextSibling) {
    if (node.nodeType === 8) {
      if (/^\[-?\d*$/.test(node.data)) depth++;
      else if (node.data === "]" && !--depth) return node;
    }
    // not a range at all
    if (!depth) return undefined;
  }
  return undefined;
}

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
    if (nodeType === 8 && slots_) {
      const close = endOf(live);
      if (!close) return undefined;
      hydrateRange(newPart(block, slots_[0], live, close));
      live = close;
      model = model.nextSibling;
    } else if (nodeType === 1) {
      slots_?.forEach((/** @type {number} */ index) => newPart(block, index, live));
      if (walk(block, live, live.firstChild, null, model.firstChild, true) !== null) {
        // a row whose element is there can be asked for by itself
        if (!block.key_ || isInner) return undefined;
        report(block);
      }
    } else if (slots_) newPart(block, slots_[0], live);
    else {
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
  const { slot_, node_, end_, parent_ } = part;
  const [kind, , shape, key] = slot_;
  let live = node_.nextSibling;
  if (kind === SLOT_IF) {
    // a clone's range has no number, and nothing in it
    part.branch_ = parseInt(node_.data.slice(1));
    part.inner_ = hydrate(shape[part.branch_] || EMPTY, part, parent_, live, end_);
  } else if (kind === SLOT_FOR)
    for (let index = 0; live !== end_; index++) {
      const row = newBlock(shape, part, String(index));
      live = walk(row, parent_, live, end_);
      if (!live || !keepRow(row, key)) return report(part.inner_);
    }
}

/**
 * The block of the nodes from `live` to `end`; of the whole view, if nothing else is said.
 *
 * @param {Shape} shape @param {Part} [owner] @param {Node} [parent] @param {any} [live] @param {any} [end]
 */
export function hydrate(shape, owner, parent = root, live = root.firstChild, end = null) {
  const block = newBlock(shape, owner);
  if (walk(block, parent, live, end) !== end) report(block);
  return block;
}
