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
  if (start?.nodeType !== 8 || !START.test(start.data)) return null;
  let depth = 0;
  let node = start.nextSibling;
  for (; node; node = node.nextSibling)
    if (node.nodeType === 8)
      if (START.test(node.data)) depth++;
      else if (node.data === "]" && !depth--) break;
  return node;
}

/**
 * Does the live node, and all in it, fit the template's?
 *
 * @param {any} live @param {any} model @param {Block} block
 */
function fits(live, model, block) {
  const slots = templateOf(block.shape_).slots_.get(model) || [];
  if (live?.nodeName !== model.nodeName) return false;
  if (!slots.length && model.nodeType > 1 && model.data !== live.data) return false;
  slots.forEach((index) => newPart(block, index, live));
  return walk(live, live.firstChild, null, model.firstChild, block);
}

/**
 * Do the live siblings from `live` up to `end` fit the template's siblings from `model` on?
 *
 * @param {any} parent @param {any} live @param {any} end @param {any} model @param {Block} block
 * @returns {boolean}
 */
function walk(parent, live, end, model, block) {
  const { slots_ } = templateOf(block.shape_);
  for (; model; model = model.nextSibling) {
    const index = slots_.get(model)?.[0];
    if (index !== undefined && model.nodeType === 8) {
      const close = live !== end && endOf(live);
      if (!close) return false;
      hydrateRange(newPart(block, index, live, close));
      live = close;
      model = model.nextSibling;
    } else {
      if (index !== undefined && isText(model) && (live === end || !isText(live))) live = parent.insertBefore(new Text(), live);
      if (live === end || !fits(live, model, block)) return false;
    }
    live = live.nextSibling;
  }
  return live === end;
}

/** @param {Part} part */
function hydrateRange(part) {
  const { slot_, node_, end_ } = part;
  if (slot_[0] === SLOT_FOR) {
    if (!hydrateRows(part)) report(/** @type {Block} */ (part.inner_));
  } else if (slot_[0] === SLOT_IF) {
    part.branch_ = +node_.data.slice(1);
    part.inner_ = hydrateBlock(slot_[2][part.branch_] || ["", []], part, node_.parentNode, node_.nextSibling, end_);
  }
}

/** @param {Shape} shape @param {Part | undefined} owner @param {Node} parent @param {any} live @param {any} end */
function hydrateBlock(shape, owner, parent, live, end) {
  const block = newBlock(shape, owner);
  if (!walk(parent, live, end, templateOf(shape).content_.firstChild, block)) report(block);
  return block;
}

/** @param {Part} part */
function hydrateRows(part) {
  const { slot_, node_, end_ } = part;
  const [, , shape, key] = slot_;
  const models = [...templateOf(shape).content_.childNodes];
  rowsOf(part);
  let live = node_.nextSibling;
  for (let index = 0; live !== end_; index++) {
    const row = newBlock(shape, part, String(index));
    let isSound = true;
    for (const model of models) {
      if (live === end_ || live.nodeName !== model.nodeName) return false;
      if (isText(model)) {
        // one node of white space for two rows
        const { length } = /** @type {Text} */ (model).data;
        if (live.length > length) live.splitText(length);
        if (live.data !== /** @type {Text} */ (model).data) return false;
      } else {
        if (key) {
          const value = live.getAttribute(key[0]);
          if (!value?.startsWith(key[1]) || !value.endsWith(key[2])) return false;
          row.key_ = value.slice(key[1].length, value.length - key[2].length);
        }
        isSound = fits(live, model, row);
      }
      row.nodes_.push(live);
      live = live.nextSibling;
    }
    keepRow(row);
    if (!isSound) report(row);
  }
  return true;
}

/** The view's block, from the nodes the server has rendered. @param {Shape} shape */
export const hydrate = (shape) => hydrateBlock(shape, undefined, root, root.firstChild, null);
