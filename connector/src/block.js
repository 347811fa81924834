// A block is one instance of a shape in the page: it holds the nodes its slots write to. The references are found
// once, die with the block, and are checked before each write: other scripts share this page. A check that fails, or
// any other fault, throws; `changeBlock` catches it, and the smallest thing around it is asked for again, whole.

import { edit } from "./extras.js";
import { putRange } from "./ranges.js";
import { writeTo } from "./controls.js";
import { changeList } from "./list.js";
import { attribute, member } from "./member.js";
import { operate } from "./operations.js";
import * as protocol from "./protocol.js";
import { report } from "./repair.js";

/** @typedef {import("./template.js").Shape} Shape */

/**
 * The root, a row, or the branch which an IF shows.
 *
 * @typedef {object} Block
 * @property {Shape} shape_
 * @property {Part} [up_] the range it lives in; none for the root
 * @property {string} [step_] a row's key: the last step of its address. The branch of an IF has its range's address.
 * @property {Part[]} parts_ one for each slot
 * @property {ChildNode[]} nodes_ its top-level nodes
 * @property {any} [element_] a row's only element, or the comment with which it ends
 * @property {boolean} [broken_] it is not what it should be; wait for BUILD
 */

/**
 * One slot of a block.
 *
 * @typedef {object} Part
 * @property {any[]} slot_ its description
 * @property {Block} up_
 * @property {number} step_ its number: the last step of its address
 * @property {any} node_ the text, the element, or the comment which starts the range
 * @property {any} parent_ where the node must be
 * @property {any} end_ the comment which ends the range
 * @property {any} rows_ of IF and FOR, a map: rows by key; the branch which an IF shows, by its number
 * @property {any} classes_ what we last wrote to the class attribute
 * @property {any} [data_] what we last wrote to the text: other scripts may have split it
 * @property {boolean} [broken_]
 */

/** @param {any} node */
export const isText = (node) => node?.nodeType === 3;

/** Are the part's nodes where they were left? @param {Part} part */
export const isWhole = ({ node_, parent_, end_, data_ }) =>
  node_.isConnected &&
  member(node_, "parentNode") === parent_ &&
  member(end_ || node_, "parentNode") === parent_ &&
  // a text that got shorter has been split: the rest of it is in other hands
  !(node_.data?.length < data_?.length);

/** @param {unknown} isSound */
export function check(isSound) {
  if (!isSound) throw 0;
}

/**
 * @param {Pick<Part, "node_" | "classes_" | "data_">} part
 * @param {string} name of the attribute, "" for the text
 * @param {any} value nullish: the attribute is absent
 */
export function write(part, name, value) {
  const { node_ } = part;
  if (name === "class") {
    // HTML's white space: \s would part what a class list does not, such as a no-break space
    const ours = part.classes_?.split(/[ \t\n\f\r]/) || [];
    part.classes_ = value;
    for (const token of member(node_, "classList")) if (!ours.includes(token)) value = (value ?? "") + " " + token;
  }
  writeTo(name ? node_ : node_.parentNode, name, value, () => {
    if (!name) node_.data === (part.data_ = value) || (node_.data = value);
    else if (value == null) node_.removeAttribute(name);
    else if (attribute(node_, name) !== String(value)) node_.setAttribute(name, value);
  });
}

/** Write a value, whole; the nodes have been checked. @param {Part} part @param {any} value */
export function put(part, value) {
  const [kind, , first, second, third] = part.slot_;
  if (kind === protocol.SLOT_TEXT) write(part, "", first + value + second);
  else if (kind === protocol.SLOT_ATTR) write(part, first, second + value + third);
  else if (kind === protocol.SLOT_ATTRS) first.forEach((/** @type {string} */ name) => write(part, name, value[name]));
  else putRange(part, value);
}

/** @param {Block} block @param {any[]} diff for the root block there may be operations in it */
export function changeBlock(block, diff) {
  for (let at = 0; at < diff.length; at += 2) {
    const part = block.parts_[diff[at]];
    const change = diff[at + 1];
    try {
      if (diff[at] < 0) {
        operate(diff[at], change);
        continue;
      }
      const [kind] = block.shape_[1][diff[at]];
      // slots without nodes are in what other scripts own
      if (block.broken_ || !part || part.broken_) continue;
      if (kind === protocol.SLOT_FOR) changeList(part, change);
      else if (kind === protocol.SLOT_IF && change[0].map)
        for (const branch of part.rows_.values()) changeBlock(branch, change[0]);
      else {
        check(isWhole(part));
        if (kind === protocol.SLOT_HTML && change.map) edit(part, change);
        else put(part, change);
      }
    } catch {
      report(part?.rows_ && isWhole(part) ? part : block);
    }
  }
}

/** Reconcile a block with all its values. @param {Block} block @param {any[]} fill */
export const fillBlock = (block, fill) =>
  changeBlock(
    block,
    fill.flatMap((value, index) => [
      index,
      block.shape_[1][index][0] === protocol.SLOT_FOR ? [protocol.LIST_RESET, value] : value,
    ]),
  );
