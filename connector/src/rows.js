// Rows of a FOR slot are found by key, never by index.

/** @typedef {import("./block.js").Block} Block */

/**
 * The keys of rows, by their elements.
 *
 * @type {WeakMap<Node, string>}
 */
export const rowKeys = new WeakMap();

/**
 * Enter a row into its list.
 *
 * @param {any} row
 * @param {[string, string, string]} [key] where a served row has its key; nothing comes back if it has none
 */
export function keepRow(row, key) {
  const { rows_ } = row.owner_.inner_;
  const element = (row.element_ = row.nodes_.find((/** @type {Node} */ node) => node.nodeType === 1));
  if (key) {
    const value = element.getAttribute(key[0]);
    if (value == null) return undefined;
    const own = (row.key_ = value.slice(key[1].length, value.length - key[2].length));
    // the server calls a second row of the same key `7~2`; where such a name is somebody's own key, do not guess
    if (rows_.has(own) && /~/.test(own)) return undefined;
    for (let number = 2; rows_.has(row.key_); number++) row.key_ = `${own}~${number}`;
  }
  rowKeys.set(element, row.key_);
  return rows_.set(row.key_, row);
}
