// A block whose nodes are not where they were left is asked for again, whole. Nothing is guessed.

import { createBlock, replaceRange } from "./build.js";
import { core } from "./core.js";
import { isInPlace, removeRow } from "./list.js";

/** @typedef {import("../block.js").Block} Block */

/** @param {Block} block @returns {any[]} slot numbers and row keys from the root */
export const addressOf = ({ owner_, key_ }) =>
  owner_
    ? [...addressOf(owner_.block_), owner_.block_.parts_.indexOf(owner_), ...(key_ == null ? [] : [key_])]
    : [];

/** @param {any[]} address @param {any} fill */
export function rebuild(address, fill) {
  const old = address.reduce(
    (/** @type {any} */ block, step) => (block?.rows_ ? block.rows_.get(String(step)) : block?.parts_[step]?.inner_),
    core.page_.view_,
  );
  if (!old) return;
  const owner = old.owner_;
  core.page_.reported_.delete(old);
  if (!owner) {
    core.page_.reported_.clear();
    core.page_.view_ = createBlock(core.page_.shape_[0], fill);
    core.root_.replaceChildren(...core.page_.view_.nodes_);
  } else if (old.key_ == null) {
    if (!core.isWhole_(owner)) return core.report_(owner.block_);
    replaceRange(owner);
    old.broken_ = false;
    old.rows_?.clear();
    owner.branch_ = undefined;
    core.put_(owner, fill);
  } else {
    if (!isInPlace(old)) return core.report_(owner.inner_);
    const row = createBlock(owner.slot_[2], fill, owner, old.key_);
    old.element_.before(...row.nodes_);
    removeRow(old);
    core.keepRow_(row);
  }
}
