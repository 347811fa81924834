// Rows of a FOR slot. They are found by key, never by index, and placed after another row, so that what other
// scripts put between them, or in which order they sort them, shifts nothing.

import { changeBlock, createBlock, fillBlock, isWhole, newBlock } from "./block.js";
import * as protocol from "./protocol.js";
import { report } from "./repair.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Part} Part */

/**
 * The keys of rows, by their elements.
 *
 * @type {WeakMap<Node, string>}
 */
export const rowKeys = new WeakMap();

/** @param {Part} part the list's slot @returns {Map<string, Block>} */
export function rowsOf(part) {
  part.inner_ ||= { ...newBlock(["", []], part), rows_: new Map() };
  return /** @type {Map<string, Block>} */ (part.inner_.rows_);
}

/**
 * Enter a row into its list.
 *
 * @param {Block} row
 * @param {[string, string, string]} [key] where a served row has its key; false comes back if it has none
 */
export function keepRow(row, key) {
  const element = /** @type {Element} */ (row.nodes_.find((node) => node.nodeType === 1));
  if (key) {
    const value = element.getAttribute(key[0]);
    if (value == null) return false;
    const own = (row.key_ = value.slice(key[1].length, value.length - key[2].length));
    const rows = rowsOf(/** @type {Part} */ (row.owner_));
    // the server calls a second row of the same key `7~2`; where such a name is somebody's own key, do not guess
    if (rows.has(own) && /~/.test(own)) return false;
    for (let number = 2; rows.has(row.key_); number++) row.key_ = `${own}~${number}`;
  }
  row.element_ = element;
  rowKeys.set(element, /** @type {string} */ (row.key_));
  return rowsOf(/** @type {Part} */ (row.owner_)).set(/** @type {string} */ (row.key_), row);
}

/** @param {Block} row */
export const isInPlace = ({ element_, owner_ }) => element_?.isConnected && element_.parentNode === owner_?.parent_;

/** The node after which the next row goes: white space may have parted from its row. @param {Block} row */
function lastNode({ element_, nodes_ }) {
  const last = nodes_[nodes_.length - 1];
  return element_?.nextSibling === last ? last : /** @type {Element} */ (element_);
}

/** @param {Part} part @param {Block} row */
function removeRow(part, row) {
  row.nodes_.forEach((node) => node.remove());
  rowsOf(part).delete(/** @type {string} */ (row.key_));
}

/** @param {ChildNode} cursor @param {Block} row */
function placeRow(cursor, row) {
  const parent = /** @type {any} */ (cursor.parentNode);
  for (const node of row.nodes_) {
    // moveBefore keeps focus, iframes and animations; only nodes which are in the document can be moved
    if (parent.moveBefore && node.isConnected) parent.moveBefore(node, cursor.nextSibling);
    else parent.insertBefore(node, cursor.nextSibling);
    cursor = node;
  }
}

/**
 * Put a run of rows after the node, in order; those which exist are filled and moved only if they have to.
 *
 * @param {Part} part @param {ChildNode} cursor @param {any[]} fills [key, fill, ...]
 */
function putRows(part, cursor, fills) {
  for (let at = 0; at < fills.length; at += 2) {
    const key = String(fills[at]);
    let row = rowsOf(part).get(key);
    if (row && isInPlace(row)) {
      fillBlock(row, fills[at + 1]);
      /** @type {ChildNode | null} */
      let next = cursor.nextSibling;
      while (next && !rowKeys.has(next)) next = next.nextSibling;
      if (next !== row.element_) placeRow(cursor, row);
    } else {
      if (row) removeRow(part, row);
      row = createBlock(part.slot_[2], fills[at + 1], part, key);
      keepRow(row);
      cursor.after(...row.nodes_);
    }
    cursor = lastNode(row);
  }
}

/** Reconcile the whole list; the range has been checked. @param {Part} part @param {any[]} fills */
export function resetList(part, fills) {
  const keys = new Set(fills.map((key, at) => at % 2 || String(key)));
  for (const row of rowsOf(part).values()) if (!keys.has(/** @type {string} */ (row.key_))) removeRow(part, row);
  putRows(part, part.node_, fills);
}

/** @param {Part} part @param {any[]} ops flat: code, arguments, code, arguments, ... */
export function changeList(part, ops) {
  const list = /** @type {Block} */ (part.inner_);
  const rows = rowsOf(part);
  for (let at = 0; at < ops.length && !list.broken_ && !part.block_.broken_; ) {
    const code = ops[at++];
    if (code === protocol.LIST_CLEAR) resetList(part, []);
    else if (code === protocol.LIST_TRUNCATE) {
      const length = ops[at++];
      for (const row of rows.values()) if (Number(row.key_) >= length) removeRow(part, row);
    } else if (code === protocol.LIST_RESET)
      if (isWhole(part)) resetList(part, ops[at++]);
      else report(part.block_);
    else {
      const row = code === protocol.LIST_INSERT || rows.get(String(ops[at++]));
      if (!row) report(list);
      else if (row === true || code === protocol.LIST_MOVE) {
        const key = ops[at++];
        const before = rows.get(String(key));
        const cursor = key == null ? isWhole(part) && part.node_ : before && isInPlace(before) && lastNode(before);
        if (!cursor) report(key == null ? part.block_ : list);
        else if (row === true) putRows(part, cursor, ops[at++]);
        else if (isInPlace(row)) placeRow(cursor, row);
        else report(list);
      } else if (code === protocol.LIST_DELETE) removeRow(part, row);
      else changeBlock(row, code === protocol.LIST_UPDATE ? ops[at++] : [code - protocol.LIST_CELL, ops[at++]]);
    }
  }
}
