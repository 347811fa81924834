// A block is one instance of a shape in the page: it holds the nodes its slots write to. The references are found
// once, die with the block, and are checked before each write: other scripts share this page.

import { writeAttribute, writeControl } from "./controls.js";
import { changeList, resetList } from "./list.js";
import { root } from "./page.js";
import * as protocol from "./protocol.js";
import { report } from "./repair.js";
import { follow, parse, templateOf } from "./template.js";

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
 * @property {number} index_
 * @property {Block} block_
 * @property {any} node_ the text, the element, or the comment which starts the range
 * @property {Node} parent_ where the node must be
 * @property {any} end_ the comment which ends the range
 * @property {number} [branch_]
 * @property {Block} [inner_] the branch of an IF, the list of a FOR
 * @property {any} [classes_] what we last wrote to the class attribute
 */

/** @type {Shape} */
const EMPTY = ["", []];

/** @param {any} node */
export const isText = (node) => node?.nodeType === 3;

/** @param {Shape} shape @param {Part} [owner] @param {string} [key] @returns {Block} */
export const newBlock = (shape, owner, key) => ({ shape_: shape, owner_: owner, key_: key, parts_: [], nodes_: [] });

/** @param {Block} block @param {number} index @param {any} node @param {any} [end] @returns {Part} */
export function newPart(block, index, node, end) {
  const slot = block.shape_[1][index];
  return (block.parts_[index] = {
    slot_: slot,
    index_: index,
    block_: block,
    node_: node,
    // A clone's top-level nodes have yet to move to where the block's range is.
    parent_: slot[1].length > 1 ? node.parentNode : block.owner_ ? block.owner_.parent_ : root,
    end_: end,
    classes_: slot[2]?.includes("class") && node.getAttribute?.("class"),
  });
}

/**
 * A new block: clone the template, find the slots, fill them.
 *
 * @param {Shape} shape @param {any[]} fill @param {Part} [owner] @param {string} [key]
 */
export function createBlock(shape, fill, owner, key) {
  const block = newBlock(shape, owner, key);
  const fragment = document.importNode(templateOf(shape), true);
  shape[1]
    .map((slot) => follow(fragment, slot[1]))
    .forEach((node, index) => newPart(block, index, node, node.nextSibling));
  block.parts_.forEach((part, index) => put(part, fill[index]));
  block.nodes_ = [...fragment.childNodes];
  return block;
}

/** Are the part's nodes where they were left? @param {Part} part */
export function isWhole({ slot_, node_, parent_, end_ }) {
  return (
    node_.isConnected &&
    node_.parentNode === parent_ &&
    (slot_[0] < protocol.SLOT_HTML
      ? !isText(node_) || !(isText(node_.previousSibling) || isText(node_.nextSibling))
      : end_.parentNode === parent_ && node_.compareDocumentPosition(end_) & 4)
  );
}

/** @param {Part} part */
export function clearRange({ node_, end_ }) {
  while (node_.nextSibling !== end_) node_.nextSibling.remove();
}

/** Write a value, whole; the nodes have been checked. @param {Part} part @param {any} value */
export function put(part, value) {
  const { slot_, node_, end_ } = part;
  const [kind, , first, second, third] = slot_;
  if (kind === protocol.SLOT_TEXT) {
    const data = first + value + second;
    const write = () => node_.data === data || (node_.data = data);
    if (node_.parentNode.localName === "textarea") writeControl(node_.parentNode, "value", data, write);
    else write();
  } else if (kind === protocol.SLOT_ATTR) writeAttribute(part, first, second + value + third);
  else if (kind === protocol.SLOT_ATTRS) first.forEach((/** @type {string} */ name) => writeAttribute(part, name, value[name]));
  else if (kind === protocol.SLOT_HTML) {
    const parent = /** @type {Element} */ (part.parent_);
    const fragment = parse(value, parent.closest("svg,math,foreignObject")?.localName);
    const shown = document.createRange();
    shown.setStartAfter(node_);
    shown.setEndBefore(end_);
    // a fill that says nothing new disturbs nothing in there
    if (shown.cloneContents().isEqualNode(fragment)) return;
    clearRange(part);
    end_.before(fragment);
  } else if (kind === protocol.SLOT_IF) {
    const [branch, fill] = value;
    if (part.inner_ && part.branch_ === branch) fillBlock(part.inner_, fill);
    else {
      clearRange(part);
      part.branch_ = branch;
      part.inner_ = createBlock(first[branch] || EMPTY, fill || [], part);
      end_.before(...part.inner_.nodes_);
    }
  } else resetList(part, value);
}

/** Reconcile a block with all its values. @param {Block} block @param {any[]} fill */
export const fillBlock = (block, fill) =>
  block.parts_.forEach((part, index) => block.broken_ || (isWhole(part) ? put(part, fill[index]) : report(block)));

/** @param {Part} part @param {any} change */
export function changePart(part, change) {
  if (part.slot_[0] === protocol.SLOT_FOR) changeList(part, change);
  else if (part.slot_[0] === protocol.SLOT_IF && Array.isArray(change[0])) changeBlock(/** @type {Block} */ (part.inner_), change[0]);
  else if (isWhole(part)) put(part, change);
  else report(part.block_);
}

/** @param {Block} block @param {any[]} diff */
export function changeBlock(block, diff) {
  for (let at = 0; at < diff.length && !block.broken_; at += 2) changePart(block.parts_[diff[at]], diff[at + 1]);
}
