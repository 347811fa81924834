// Blocks are made, and ranges get other content.

import { SLOT_HTML, SLOT_IF } from "../protocol.js";
import { core } from "./core.js";
import { resetList } from "./list.js";

/** @typedef {import("../block.js").Block} Block */
/** @typedef {import("../block.js").Part} Part */
/** @typedef {import("../template.js").Shape} Shape */

/**
 * A new block: clone the template, find the slots, fill them.
 *
 * @param {Shape} shape @param {any[]} fill @param {Part} [owner] @param {string} [key]
 */
export function createBlock(shape, fill, owner, key) {
  const block = core.newBlock_(shape, owner, key);
  const fragment = document.importNode(core.templateOf_(shape), true);
  core.walk_(block, fragment, fragment.firstChild);
  block.parts_.forEach((part, index) => core.put_(part, fill[index]));
  block.nodes_ = [...fragment.childNodes];
  return block;
}

/** @param {Part} part @param {Node[]} content */
export function replaceRange({ node_, end_ }, ...content) {
  while (node_.nextSibling !== end_) node_.nextSibling.remove();
  end_.before(...content);
}

/** Write the content of a range, whole; the nodes have been checked. @param {Part} part @param {any} value */
export function putRange(part, value) {
  const { slot_, node_, end_ } = part;
  if (slot_[0] === SLOT_HTML) {
    const parent = /** @type {Element} */ (part.parent_);
    const fragment = core.parse_(value, parent.closest("svg,math,foreignObject")?.localName);
    const shown = new Range();
    shown.setStartAfter(node_);
    shown.setEndBefore(end_);
    // a fill that says nothing new disturbs nothing in there
    if (!shown.cloneContents().isEqualNode(fragment)) replaceRange(part, fragment);
  } else if (slot_[0] === SLOT_IF) {
    const [branch, fill] = value;
    if (part.inner_ && part.branch_ === branch) fillBlock(part.inner_, fill);
    else {
      part.branch_ = branch;
      part.inner_ = createBlock(slot_[2][branch] || core.EMPTY_, fill, part);
      replaceRange(part, ...part.inner_.nodes_);
    }
  } else resetList(part, value);
}

/** Reconcile a block with all its values. @param {Block} block @param {any[]} fill */
export const fillBlock = (block, fill) =>
  block.parts_.forEach((part, index) => block.broken_ || core.putSafely_(part, fill[index]));
