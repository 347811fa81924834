// Rows come, go and move. They are found by key and placed after another row, so that what other scripts put between
// them, or in which order they sort them, shifts nothing.

import { changeBlock, check, fillBlock, isWhole, put } from "./block.js";
import { between, createBlock } from "./ranges.js";
import { attribute, member } from "./member.js";
import * as protocol from "./protocol.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Part} Part */

/**
 * The keys of rows, by their elements.
 *
 * @type {WeakMap<Node, any>}
 */
export const rowKeys = new WeakMap();

/**
 * Enter a row into its list.
 *
 * @param {any} row
 * @param {[string, string, string]} [key] where a served row has its key; nothing comes back if it has none
 */
export function keepRow(row, key) {
  const rows_ = row.up_.rows_;
  // a row of any nodes is a range: it is known by the comment that ends it, and its first element has the key
  row.element_ = row.nodes_[0].nodeType === 8 ? row.parts_[0].end_ : elementOf(row);
  if (key) {
    const value = attribute(elementOf(row), key[0]) ?? "";
    row.step_ = value.slice(key[1].length, value.length - key[2].length);
    // the server calls a second row of the same key `7~2`: it has to say which is which
    if (rows_.has(row.step_)) return undefined;
  }
  rowKeys.set(row.element_, row.step_);
  return rows_.set(row.step_, row);
}

/** Is the row's element where rows of its list are? @param {any} row */
export const isInPlace = ({ element_, up_ }) => element_.isConnected && member(element_, "parentNode") === up_.parent_;

/** The node after which the next row goes: white space may have parted from its row. @param {Block} row */
export function lastNode({ element_, nodes_ }) {
  const last = nodes_.at(-1);
  return element_.nextSibling === last ? last : element_;
}

/** Its nodes as they are now: what a range has between its comments changes. @param {Block} block @returns {any[]} */
const nodesOf = ({ element_, nodes_ }) =>
  element_?.nodeType === 8 ? between(nodes_[0], element_.nextSibling) : nodes_;

/** @param {Block} row @returns {any} */
const elementOf = (row) => nodesOf(row).find((node) => node.nodeType === 1);

/** @param {any} row */
export function removeRow(row) {
  row.up_.rows_.delete(row.step_);
  for (const node of nodesOf(row)) node.remove();
}

/** @param {Part} part @param {(row: any) => any} isGone */
export function removeRows(part, isGone) {
  for (const row of part.rows_.values()) if (isGone(row)) removeRow(row);
}

/** @param {any} cursor @param {Block} row */
export function placeRow(cursor, row) {
  const parent = member(cursor, "parentNode");
  for (const node of nodesOf(row)) {
    // moveBefore keeps focus, iframes and animations; only nodes which are in the document can be moved
    member(parent, node.isConnected && parent.moveBefore ? "moveBefore" : "insertBefore").call(parent, node, cursor.nextSibling);
    cursor = node;
  }
}

/**
 * Put a run of rows after the node, in order; those which exist are filled and moved only if they have to.
 *
 * @param {Part} part @param {any} cursor @param {any[]} fills [key, fill, ...]
 */
export function putRows(part, cursor, fills) {
  for (let at = 0; at < fills.length; at += 2) {
    const key = fills[at] + "";
    let row = part.rows_.get(key);
    if (row && isInPlace(row)) fillBlock(row, fills[at + 1]);
    else {
      if (row) removeRow(row);
      row = createBlock(part.slot_[2], fills[at + 1], part, key);
      keepRow(row);
    }
    let next = cursor.nextSibling;
    while (next !== part.end_ && !rowKeys.has(next)) next = next.nextSibling;
    if (next !== row.element_) placeRow(cursor, row);
    cursor = lastNode(row);
  }
}

/** @param {Part} part @param {any[]} ops flat: code, arguments, code, arguments, ... */
export function changeList(part, ops) {
  /** @param {any} key @returns {any} */
  const rowOf = (key) => part.rows_.get(key + "");
  /** The node after which something goes; it is there. @param {any} [key] */
  const after = (key) => {
    check(key == null ? isWhole(part) : isInPlace(rowOf(key)));
    return key == null ? part.node_ : lastNode(rowOf(key));
  };
  for (let at = 0; at < ops.length && !part.broken_ && !part.up_.broken_; ) {
    const code = ops[at++];
    const first = ops[at++];
    if (code === protocol.LIST_TRUNCATE) removeRows(part, (row) => row.step_ >= first);
    else if (code === protocol.LIST_RESET) {
      after();
      put(part, first);
    } else if (code === protocol.LIST_DELETE) removeRow(rowOf(first));
    else {
      const second = ops[at++];
      if (code === protocol.LIST_INSERT) putRows(part, after(first), second);
      else if (code === protocol.LIST_MOVE) {
        after(first);
        placeRow(after(second), rowOf(first));
      } else changeBlock(rowOf(first), code ? [code - protocol.LIST_CELL, second] : second);
    }
  }
}
