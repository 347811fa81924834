// What is not where it was left is asked for again, whole: a row, a range, the view. Nothing is guessed.

import { isWhole, put } from "./block.js";
import { clearRange, createBlock } from "./ranges.js";
import { send } from "./connection.js";
import { isInPlace, keepRow, placeRow, removeRow } from "./list.js";
import { page, root } from "./page.js";
import { CLIENT_HEAL } from "./protocol.js";

/** What has been asked for and has not come yet: blocks and ranges. @type {Set<any>} */
const reported = new Set();

/** Slot numbers and row keys from the root. @param {any} target a block or a range @returns {any[]} */
const addressOf = ({ up_, step_ }) => (up_ ? addressOf(up_).concat(step_ ?? []) : []);

/** @param {any} target */
const ask = (target) => send([CLIENT_HEAL, 0, addressOf(target)]);

/** After a join: all that was asked of the connection before. */
export const askAgain = () => reported.forEach(ask);

/** Ask for it, once, and let it be until it comes. @param {any} target a block or a range */
export function report(target) {
  // the branch of an IF comes with its range
  if (target.up_ && target.step_ == null) target = target.up_;
  if (target.broken_) return;
  target.broken_ = true;
  reported.add(target);
  ask(target);
}

/** It has come. @param {any[]} address @param {any} fill */
export function rebuild(address, fill) {
  const target = [...reported].find((target) => JSON.stringify(addressOf(target)) === JSON.stringify(address));
  reported.delete(target);
  if (!address.length) {
    reported.clear();
    page.view_ = createBlock(page.shape_[0], fill);
    root.replaceChildren(...page.view_.nodes_);
  } else if (target?.rows_) {
    if (!isWhole(target)) return report(target.up_);
    target.broken_ = false;
    clearRange(target);
    put(target, fill);
  } else if (target && target.up_.rows_.get(target.step_) === target) {
    if (!isInPlace(target)) return report(target.up_);
    const row = createBlock(target.shape_, fill, target.up_, target.step_);
    placeRow(target.element_, row);
    removeRow(target);
    keepRow(row);
  }
}
