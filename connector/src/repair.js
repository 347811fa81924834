// A block whose nodes are not where they were left is asked for again, whole. Nothing is guessed.

import { clearRange, createBlock, isWhole, put } from "./block.js";
import { send } from "./connection.js";
import { isInPlace, keepRow } from "./list.js";
import { root } from "./page.js";
import { CLIENT_HEAL } from "./protocol.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Part} Part */

/** Blocks that have been asked for. @type {Set<Block>} */
const reported = new Set();

/** The root block. @type {Block} */
export let view;

/** @param {Block} block */
export const setView = (block) => (view = block);

/** @param {Block} block @returns {any[]} slot numbers and row keys from the root */
function addressOf({ owner_, key_ }) {
  const address = owner_ ? [...addressOf(owner_.block_), owner_.index_] : [];
  return key_ === undefined ? address : [...address, key_];
}

/** @param {any[]} address @returns {Block | undefined} */
function find(address) {
  /** @type {Block | undefined} */
  let block = view;
  for (let at = 0; block && at < address.length; ) {
    block = block.parts_[address[at++]]?.inner_;
    if (block?.rows_ && at < address.length) block = block.rows_.get(String(address[at++]));
  }
  return block;
}

/** Ask for the block, once, and let it be until it comes. @param {Block} block */
export function report(block) {
  if (block.broken_) return;
  block.broken_ = true;
  reported.add(block);
  send([CLIENT_HEAL, 0, addressOf(block)]);
}

/** A new connection knows nothing of what was asked for on the old one. */
export const reportAgain = () => reported.forEach((block) => send([CLIENT_HEAL, 0, addressOf(block)]));

/** @param {any[]} address @param {any} fill @param {import("./template.js").Shape} shape of the view */
export function rebuild(address, fill, shape) {
  const old = find(address);
  const owner = old?.owner_;
  if (!old) return;
  reported.delete(old);
  if (!owner) {
    reported.clear();
    setView(createBlock(shape, fill));
    root.replaceChildren(...view.nodes_);
  } else if (old.key_ === undefined) {
    if (!isWhole(owner)) return report(owner.block_);
    clearRange(owner);
    owner.inner_ = undefined;
    put(owner, fill);
  } else {
    if (!isInPlace(old)) return report(/** @type {Block} */ (owner.inner_));
    const row = createBlock(owner.slot_[2], fill, owner, old.key_);
    old.element_?.before(...row.nodes_);
    old.nodes_.forEach((node) => node.remove());
    keepRow(row);
  }
}
