// A block is one instance of a shape in the page: it holds the nodes its slots write to. The references are found
// once, die with the block, and are checked before each write: other scripts share this page.

import { writeAttribute, writeTo } from "./controls.js";
import { mend, report } from "./lazy.js";
import { isWhole } from "./nodes.js";
import { page, root } from "./page.js";
import * as protocol from "./protocol.js";
import { EMPTY, newBlock } from "./template.js";

/** @typedef {import("./template.js").Shape} Shape */

/**
 * What can be built again by itself: the root, the branch of an IF, a list (`rows_`), or a row (`key_`).
 *
 * @typedef {object} Block
 * @property {Shape} shape_
 * @property {Part} [owner_] the range it lives in; none for the root
 * @property {string} [key_] of a row
 * @property {Part[]} parts_ one for each slot
 * @property {ChildNode[]} nodes_ its top-level nodes
 * @property {Element} [element_] a row's only element
 * @property {Map<string, Block>} [rows_]
 * @property {boolean} [broken_] a held node was not in its place; wait for BUILD
 */

/**
 * One slot of a block.
 *
 * @typedef {object} Part
 * @property {any[]} slot_ its description
 * @property {Block} block_
 * @property {any} node_ the text, the element, or the comment which starts the range
 * @property {Node} parent_ where the node must be
 * @property {any} end_ the comment which ends the range
 * @property {number} [branch_]
 * @property {any} [inner_] the branch of an IF, the list of a FOR
 * @property {any} [classes_] what we last wrote to the class attribute
 */

/** @param {Block} block @param {number} index @param {any} node @param {any} [end] @returns {Part} */
export function newPart(block, index, node, end) {
  const slot = block.shape_[1][index];
  /** @type {any} */
  const part = (block.parts_[index] = {
    slot_: slot,
    block_: block,
    node_: node,
    // A clone's top-level nodes have yet to move to where the block's range is.
    parent_: slot[1][1] == null ? (block.owner_?.parent_ || root) : node.parentNode,
    end_: end,
    classes_: node.getAttribute?.("class"),
  });
  // what changes in a range is made by mend.js
  page.needsMend_ ||= slot[0] > protocol.SLOT_ATTRS;
  if (slot[0] === protocol.SLOT_FOR) part.inner_ = { ...newBlock(EMPTY, part), rows_: new Map() };
  return part;
}

/** Write a value, whole; the nodes have been checked. @param {Part} part @param {any} value */
export function put(part, value) {
  const { slot_, node_ } = part;
  const [kind, , first, second, third] = slot_;
  if (kind === protocol.SLOT_TEXT) {
    const data = first + value + second;
    writeTo(node_.parentNode, "", data, () => node_.data === data || (node_.data = data));
  } else if (kind === protocol.SLOT_ATTR) writeAttribute(part, first, second + value + third);
  else if (kind === protocol.SLOT_ATTRS) first.forEach((/** @type {string} */ name) => writeAttribute(part, name, value[name]));
  else mend?.putRange_(part, value);
}

/** Write a value, whole. @param {Part} part @param {any} value */
export const putSafely = (part, value) => (isWhole(part) ? put(part, value) : report(part.block_));

/** @param {Block} block @param {any[]} diff for the root block there may be operations in it */
export function changeBlock(block, diff) {
  for (let at = 0; at < diff.length; at += 2) {
    const part = block.parts_[diff[at]];
    const change = diff[at + 1];
    if (diff[at] < 0) mend?.operate_(diff[at], change);
    else if (!block.broken_)
      if (part.slot_[0] === protocol.SLOT_FOR) mend?.changeList_(part, change);
      else if (part.slot_[0] === protocol.SLOT_IF && Array.isArray(change[0])) changeBlock(part.inner_, change[0]);
      else putSafely(part, change);
  }
}
