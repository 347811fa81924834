// Rows come, go and move. They are placed after another row, so that what other scripts put between them, or in which
// order they sort them, shifts nothing.

import * as protocol from "../protocol.js";
import { createBlock, fillBlock } from "./build.js";
import { core } from "./core.js";

/** @typedef {import("../block.js").Block} Block */
/** @typedef {import("../block.js").Part} Part */

/** Is the row's element where rows of its list are? @param {any} row */
export const isInPlace = ({ element_, owner_ }) => element_.isConnected && element_.parentNode === owner_.parent_;

/** The node after which the next row goes: white space may have parted from its row. @param {any} row */
function lastNode({ element_, nodes_ }) {
  const last = nodes_.at(-1);
  return element_.nextSibling === last ? last : element_;
}

/** @param {any} row */
export function removeRow({ nodes_, owner_, key_ }) {
  for (const node of nodes_) node.remove();
  owner_.inner_.rows_.delete(key_);
}

/** @param {Part} part @param {(row: any) => any} isGone */
function removeRows(part, isGone) {
  for (const row of part.inner_.rows_.values()) if (isGone(row)) removeRow(row);
}

/** @param {ChildNode} cursor @param {Block} row */
function placeRow(cursor, row) {
  const parent = /** @type {any} */ (cursor.parentNode);
  for (const node of row.nodes_) {
    // moveBefore keeps focus, iframes and animations; only nodes which are in the document can be moved
    parent[node.isConnected && parent.moveBefore ? "moveBefore" : "insertBefore"](node, cursor.nextSibling);
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
    let row = part.inner_.rows_.get(key);
    if (row && isInPlace(row)) fillBlock(row, fills[at + 1]);
    else {
      if (row) removeRow(row);
      row = createBlock(part.slot_[2], fills[at + 1], part, key);
      core.keepRow_(row);
    }
    let next = cursor.nextSibling;
    while (next && next !== part.end_ && !core.rowKeys_.has(next)) next = next.nextSibling;
    if (next !== row.element_) placeRow(cursor, row);
    cursor = lastNode(row);
  }
}

/** Reconcile the whole list; the range has been checked. @param {Part} part @param {any[]} fills */
export function resetList(part, fills) {
  const keys = new Set(fills.map((key, at) => at % 2 || String(key)));
  removeRows(part, (row) => !keys.has(row.key_));
  putRows(part, part.node_, fills);
}

/** @param {Part} part @param {any[]} ops flat: code, arguments, code, arguments, ... */
export function changeList(part, ops) {
  const { inner_: list, block_ } = part;
  for (let at = 0; at < ops.length && !list.broken_ && !block_.broken_; ) {
    const code = ops[at++];
    // CLEAR has no argument; it is a TRUNCATE that no key is below
    const first = code !== protocol.LIST_CLEAR && ops[at++];
    const row = list.rows_.get(String(first));
    if (first === false || code === protocol.LIST_TRUNCATE) removeRows(part, ({ key_ }) => !(key_ < first));
    else if (code === protocol.LIST_RESET) core.isWhole_(part) ? resetList(part, first) : core.report_(block_);
    else if (!row && code !== protocol.LIST_INSERT) core.report_(list);
    else if (code === protocol.LIST_DELETE) removeRow(row);
    else {
      const second = ops[at++];
      if (code === protocol.LIST_UPDATE || code >= protocol.LIST_CELL)
        core.changeBlock_(row, code ? [code - protocol.LIST_CELL, second] : second);
      else {
        const after = code === protocol.LIST_MOVE ? second : first;
        const before = list.rows_.get(String(after));
        const cursor = after == null ? core.isWhole_(part) && part.node_ : before && isInPlace(before) && lastNode(before);
        if (!cursor) core.report_(after == null ? block_ : list);
        else if (code === protocol.LIST_INSERT) putRows(part, cursor, second);
        else if (isInPlace(row)) placeRow(cursor, row);
        else core.report_(list);
      }
    }
  }
}
