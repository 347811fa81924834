// Hydration: walk a template and the nodes of the served page side by side and take references. It is strict; a block
// that does not fit is asked for again.

import { isText, newBlock, newPart } from "./block.js";
import { keepRow, rowsOf } from "./list.js";
import { root } from "./page.js";
import { SLOT_FOR, SLOT_IF } from "./protocol.js";
import { report } from "./repair.js";
import { templateOf } from "./template.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Part} Part */
/** @typedef {import("./template.js").Shape} Shape */

const START = /^\[(-?\d+)?$/;

/** The comment which ends the range that `start` opens. @param {any} start */
function endOf(start) {
  let depth = 0;
  for (let node = start; node; node = node.nextSibling)
    if (node.nodeType === 8) {
      if (START.test(node.data)) depth++;
      else if (node.data === "]" && !--depth) return node;
    }
    // not a range at all
    else if (!depth) return null;
  return null;
}

/**
 * Do the live siblings from `live` on fit the template's from `model` on? Answers the node after them, `undefined` if not.
 *
 * @param {any} parent @param {any} live @param {any} end @param {any} model @param {Block} block
 * @returns {any}
 */
function walk(parent, live, end, model, block) {
  const isTop = parent === block.owner_?.parent_;
  for (; model; model = model.nextSibling) {
    const { slots_, nodeType, data } = model;
    if (slots_ && isText(model) && (live === end || !isText(live))) live = parent.insertBefore(new Text(), live);
    if (live === end || live.nodeName !== model.nodeName) return undefined;
    if (isTop) block.nodes_.push(live);
    if (nodeType === 8 && slots_) {
      const close = endOf(live);
      if (!close) return undefined;
      hydrateRange(newPart(block, slots_[0], live, close));
      live = close;
      model = model.nextSibling;
    } else if (nodeType === 1) {
      slots_?.forEach((/** @type {number} */ index) => newPart(block, index, live));
      if (walk(live, live.firstChild, null, model.firstChild, block) !== null) {
        // a row whose element is there can be asked for by itself
        if (!block.key_ || !isTop) return undefined;
        block.broken_ = true;
      }
    } else if (slots_) newPart(block, slots_[0], live);
    else {
      // the white space between two rows is one node
      if (isTop && live.length > data.length) live.splitText(data.length);
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
    part.branch_ = +node_.data.slice(1);
    part.inner_ = hydrateBlock(shape[part.branch_] || ["", []], part, parent_, live, end_);
  } else if (kind === SLOT_FOR) {
    rowsOf(part);
    for (let index = 0; live !== end_; index++) {
      const row = newBlock(shape, part, String(index));
      live = walk(parent_, live, end_, templateOf(shape).firstChild, row);
      const isBroken = row.broken_;
      row.broken_ = false;
      if (!live || !keepRow(row, key)) return report(/** @type {Block} */ (part.inner_));
      if (isBroken) report(row);
    }
  }
}

/** @param {Shape} shape @param {Part | undefined} owner @param {Node} parent @param {any} live @param {any} end */
function hydrateBlock(shape, owner, parent, live, end) {
  const block = newBlock(shape, owner);
  if (walk(parent, live, end, templateOf(shape).firstChild, block) !== end) report(block);
  return block;
}

/** The view's block, from the nodes the server has rendered. @param {Shape} shape */
export const hydrate = (shape) => hydrateBlock(shape, undefined, root, root.firstChild, null);
