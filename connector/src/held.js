// Which child nodes of an element are ours, in the server's order. It is noted when our HTML has been parsed, before other
// scripts come to it, and never read from the page again: what they insert, wrap or sort shifts no address.

/** @typedef {WeakMap<Node, ChildNode[]>} Held the child nodes of our elements; those of a range by its start comment */

/** @type {Held} */
export const held = new WeakMap();

/** @param {Held} held @param {Node} owner an element, or a range's start comment @param {ChildNode[]} nodes its child nodes */
export function hold(held, owner, nodes) {
  held.set(owner, nodes);
  for (const node of nodes) if (node.firstChild) hold(held, node, [...node.childNodes]);
}
