// Edits of an HTML slot: path operations on what an opaque block or a `render()` string has put into the page.
// docs/protocol.md, "Edits", is the specification.
//
// The core calls `applyEdits(start, ops, env)`, the default export, for an HTML slot's change that is an array; `start`
// is the first of the slot's two comments, and has been checked (isWhole). It answers true, or false when a node was not
// where it was left: then the block has to be asked for, and until it comes the range must not be patched.
// What `env` is a list of:
//   held                a WeakMap (src/held.js), one for the page. The core fills it: `hold(held, start, nodes)` with the
//                       range's nodes, synchronously when it hydrates a range and each time it has put its HTML whole.
//   parse(html, wrapper)                       template.js's
//   writeTo(element, name, value, write)       controls.js's: may a control's text be written? (D17)
//   listenFor(html)                            events.js's
//   write({ node_, classes_ }, name, value)    block.js's; null: it goes; `classes_`: what the server wrote to `class` before

import { hold } from "../held.js";

/**
 * @typedef {[
 *   held: import("../held.js").Held,
 *   parse: (html: string, wrapper?: string) => DocumentFragment,
 *   writeTo: (element: Element, name: string, value: string, write: () => void) => void,
 *   listenFor: (html: string) => void,
 *   write: (part: { node_: any, classes_: any }, name: string, value: string | null) => void,
 * ]} Env
 */

/** A range's top-level nodes; beside them how many nodes it has in all, and its elements by key: `null` for two of a key.
 *
 * @typedef {any[] & { count_?: number, keys_?: Map<string, any> }} Top
 */

/** A place among the child nodes of `owner_`: an element, or the start comment for the range itself.
 *
 * @typedef {{ owner_: any, parent_: any, list_: any[], at_: number }} Place
 */

const TEXT = 0;
const SET = 1;
const CLASS = 2;
const NODES = 3;

/** Elements whose content has no addresses: it is text, or not ours. */
const LEAVES = "textarea,title,script,style,xmp,iframe,noembed,noframes,noscript,template,[ts-ignore]";

/** A node is not where it was left. */
const LOST = Symbol();

/** What our texts said when we last saw them. @type {WeakMap<any, string>} */
const texts = new WeakMap();

/** @param {any} nodes */
function look(nodes) {
  for (const node of nodes) {
    if (node.nodeType === 3 && !texts.has(node)) texts.set(node, node.data);
    look(node.childNodes);
  }
}

// This module comes with the page: other scripts have done nothing yet.
look(document.body.childNodes);

/** @param {unknown} isSound @returns {asserts isSound} */
function check(isSound) {
  if (!isSound) throw LOST;
}

/** @param {Element} element */
const keyOf = (element) =>
  element.getAttribute("ts-key") || element.getAttribute("id") || element.getAttribute("data-key");

/** The element in which HTML has to be parsed that goes into `parent`, if any. @param {Element} parent */
function wrapperFor({ localName, namespaceURI }) {
  const space = /** @type {string} */ (namespaceURI).slice(-4);
  // HTML stands inside of these
  if (/^(foreignObject|desc|title|annotation-xml|m[inos]|mtext)$/.test(localName)) return undefined;
  return space === "/svg" ? "svg" : space === "thML" ? "math" : undefined;
}

/** Does the range show this already? @param {Node} start @param {Node} end @param {DocumentFragment} content */
export function isShown(start, end, content) {
  const shown = new Range();
  shown.setStartAfter(start);
  shown.setEndBefore(end);
  return shown.cloneContents().isEqualNode(content);
}

/** @param {any} start @param {any[]} ops @param {Env} env */
export default function applyEdits(start, ops, [held, parse, writeTo, listenFor, write]) {
  /** @type {Top} */
  const top = /** @type {any} */ (held.get(start));

  /** @param {any} node @returns {any[]} */
  const childrenOf = (node) => (node.matches?.(LEAVES) ? [] : (held.get(node) ?? []));

  /** @param {any[]} nodes @returns {number} */
  const count = (nodes) => nodes.reduce((sum, node) => sum + 1 + count(childrenOf(node)), 0);

  /** @param {any[]} nodes @param {Map<string, any>} keys */
  function index(nodes, keys) {
    for (const node of nodes) {
      const key = node.nodeType === 1 && keyOf(node);
      if (key) keys.set(key, keys.has(key) ? null : node);
      index(childrenOf(node), keys);
    }
  }

  /** @param {any[]} nodes those that have gone */
  function forget(nodes) {
    for (const node of nodes) {
      const key = node.nodeType === 1 && keyOf(node);
      if (key && top.keys_?.get(key) === node) top.keys_?.delete(key);
      forget(childrenOf(node));
    }
  }

  /** @param {string} key */
  function find(key) {
    const found = top.keys_?.get(key);
    if (found) return found;
    // the first time; or two had the key for a moment
    const keys = (top.keys_ = new Map());
    index(top, keys);
    return keys.get(key);
  }

  /** @param {any[]} address @returns {Place} */
  function locate(address) {
    let owner = start;
    let list = top;
    let at = -1;
    for (const step of address.slice(0, -1))
      if (typeof step === "string") {
        const element = find(step);
        check(element);
        owner = top.includes(element) ? start : element.parentNode;
        list = held.get(owner) ?? [];
        at = list.indexOf(element);
        check(at >= 0);
      } else if (step < 0) at -= step;
      else {
        if (at >= 0) {
          owner = list[at];
          check(owner);
          list = /** @type {any[]} */ (held.get(owner) ?? []);
          if (!held.has(owner)) held.set(owner, list);
        }
        at = step;
      }
    return { owner_: owner, parent_: owner === start ? start.parentNode : owner, list_: list, at_: at };
  }

  /** @param {any} node @param {Place} place */
  const isThere = (node, { parent_ }) => node?.parentNode === parent_ && node.isConnected;

  /** nil: a key has said which one it is. @param {any} element @param {string | null} tag */
  const isCalled = ({ localName }, tag) => localName && (tag == null || localName.toLowerCase() === tag);

  /** @param {Place} place @param {string} tag */
  const checkOwner = ({ owner_ }, tag) => check(tag == null || (owner_ === start ? !tag : isCalled(owner_, tag)));

  /** @param {Place} place @param {string} tag @param {string} data */
  function writeText(place, tag, data) {
    const node = place.list_[place.at_];
    check(isThere(node, place));
    if (node.nodeType === 3) {
      checkOwner(place, tag);
      check(node.previousSibling?.nodeType !== 3 && node.nextSibling?.nodeType !== 3);
      // a text that got shorter has been split, and the rest of it may be inside of something
      check(!(node.data.length < /** @type {string} */ (texts.get(node)).length));
      node.data = data;
      texts.set(node, data);
    } else {
      check(isCalled(node, tag) && node.matches(LEAVES));
      writeTo(node, "", data, () => (node.textContent = data));
    }
  }

  /** @param {Place} place @param {string} tag */
  function elementAt(place, tag) {
    const element = place.list_[place.at_];
    check(isThere(element, place) && isCalled(element, tag));
    return element;
  }

  /** @param {Element} node_ @param {string} name @param {string | null} value @param {string | null} [classes_] */
  function writeAttribute(node_, name, value, classes_) {
    listenFor(name);
    write({ node_, classes_ }, name, value);
  }

  /** Other nodes where a run of old ones was. @param {Place} place @param {string} tag @param {any[]} script */
  function rearrange(place, tag, script) {
    const { parent_, list_, at_, owner_ } = place;
    checkOwner(place, tag);
    check(at_ >= 0 && at_ <= list_.length && parent_.isConnected);
    const old = list_.slice(at_);
    /** @type {any[]} */
    const run = [];
    const moving = new Set(
      script.filter(Array.isArray).flatMap(([from, length]) => old.slice(from, from + length)),
    );
    // the node after which the next one goes
    let before = at_ ? list_[at_ - 1] : owner_ === start && start;
    check(!before || isThere(before, place));
    let taken = 0;
    /** @param {any[]} nodes @param {boolean} [isMove] */
    const put = (nodes, isMove) => {
      for (const node of nodes) {
        const next = before ? before.nextSibling : isThere(list_[0], place) ? list_[0] : parent_.firstChild;
        // moveBefore keeps focus, iframes and animations
        if (next !== node) parent_[isMove && parent_.moveBefore ? "moveBefore" : "insertBefore"](node, next);
        before = node;
        run.push(node);
      }
    };
    for (const step of script) {
      if (typeof step === "string") {
        const nodes = [...parse(step, wrapperFor(parent_)).childNodes];
        for (const node of nodes) hold(held, node, [...node.childNodes]);
        look(nodes);
        put(nodes);
        top.count_ = /** @type {number} */ (top.count_) + count(nodes);
        if (top.keys_) index(nodes, top.keys_);
      } else if (Array.isArray(step)) {
        const nodes = old.slice(step[0], step[0] + step[1]);
        for (const node of nodes) check(isThere(node, place));
        put(nodes, true);
      } else {
        const nodes = old.slice(taken, (taken += Math.abs(step)));
        check(taken <= old.length);
        for (const node of nodes) {
          check(isThere(node, place));
          if (step > 0) {
            // somebody has sorted them
            check(!before || before.compareDocumentPosition(node) & 4);
            before = node;
            run.push(node);
          }
        }
        if (step < 0) {
          const gone = nodes.filter((node) => !moving.has(node));
          forget(gone);
          top.count_ = /** @type {number} */ (top.count_) - count(gone);
          for (const node of gone) node.remove();
        }
      }
    }
    list_.splice(at_, taken, ...run);
  }

  try {
    check(top);
    if (top.count_ == null) look(top);
    top.count_ ??= count(top);
    check(top.count_ === ops[0]);
    for (let at = 1; at < ops.length; ) {
      const code = ops[at++];
      const address = ops[at++];
      const tag = address.at(-1);
      const place = locate(address);
      const value = ops[at++];
      if (code === TEXT) writeText(place, tag, value);
      else if (code === SET) {
        writeAttribute(elementAt(place, tag), value, ops[at++]);
        if (/^(ts-key|id|data-key)$/.test(value)) top.keys_ = undefined;
      } else if (code === CLASS) writeAttribute(elementAt(place, tag), "class", ops[at++], value);
      else {
        check(code === NODES);
        rearrange(place, tag, value);
      }
    }
    return true;
  } catch (error) {
    if (error !== LOST) console.error(error);
    return false;
  }
}
