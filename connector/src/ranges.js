// Blocks are made, and ranges get other content.

import { fillBlock, put } from "./block.js";
import { carryOver } from "./controls.js";
import { edits } from "./extras.js";
import { held, hold } from "./held.js";
import { newBlock, walk } from "./hydrate.js";
import { placeRow, putRows, removeRows } from "./list.js";
import { SLOT_FOR, SLOT_HTML } from "./protocol.js";
import { parse, templateOf } from "./template.js";

/** @typedef {import("./block.js").Block} Block */
/** @typedef {import("./block.js").Part} Part */
/** @typedef {import("./template.js").Shape} Shape */

/**
 * A new block: clone the template, find the slots, fill them.
 *
 * @param {Shape} shape @param {any[]} fill @param {Part} [up] @param {string} [step]
 */
export function createBlock(shape, fill, up, step) {
  const block = newBlock(shape, up, step);
  const fragment = document.importNode(templateOf(shape), true);
  walk(block, fragment.firstChild);
  block.parts_.forEach((part, index) => put(part, fill[index]));
  block.nodes_ = [...fragment.childNodes];
  return block;
}

/** The siblings from a node on, without the end. @param {any} node @param {any} end */
export function between(node, end) {
  const nodes = [];
  for (; node !== end; node = node.nextSibling) nodes.push(node);
  return nodes;
}

/** Everything between the two comments goes, whoever has put it there. @param {Part} part */
export function clearRange({ node_, end_, rows_ }) {
  for (const node of between(node_.nextSibling, end_)) node.remove();
  rows_?.clear();
}

/** Write the content of a range, whole; the nodes have been checked. @param {Part} part @param {any} value */
export function putRange(part, value) {
  const { slot_, node_, end_, rows_, parent_ } = part;
  if (slot_[0] === SLOT_HTML) {
    const content = parse(value, slot_[2]);
    // a fill that says nothing new disturbs nothing in there
    if (edits?.isShown(node_, end_, content)) return;
    hold(held, node_, [...content.childNodes]);
    carryOver(parent_, () => {
      clearRange(part);
      end_.before(content);
    });
  } else if (slot_[0] === SLOT_FOR) {
    const keys = new Set(value.map((/** @type {any} */ key, /** @type {number} */ at) => at % 2 || key + ""));
    removeRows(part, (row) => !keys.has(row.step_));
    putRows(part, node_, value);
  } else {
    const [branch, fill] = value;
    const shown = rows_.get(branch);
    if (shown) return fillBlock(shown, fill);
    clearRange(part);
    if (fill) {
      const block = createBlock(slot_[2][branch], fill, part);
      rows_.set(branch, block);
      placeRow(node_, block);
    }
  }
}
