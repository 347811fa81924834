// Questions about nodes and controls.

import { SLOT_HTML } from "./protocol.js";

/** What people operate. */
export const CONTROLS = "input,select,textarea,button,a";

/** @param {any} node */
export const isText = (node) => node?.nodeType === 3;

/** Are the part's nodes where they were left? @param {import("./block.js").Part} part */
export const isWhole = ({ slot_, node_, parent_, end_ }) =>
  node_.isConnected &&
  node_.parentNode === parent_ &&
  (slot_[0] < SLOT_HTML
    ? !isText(node_) || !(isText(node_.previousSibling) || isText(node_.nextSibling))
    : end_.parentNode === parent_ && node_.compareDocumentPosition(end_) & 4);

/** The attribute which binds a control, `ts-model` with its modifiers. @param {Element} control */
export const modelOf = (control) => [...control.attributes].find(({ name }) => /^ts-model(\.|$)/.test(name));

/** @param {any} control */
export const isToggle = ({ type }) => /checkbox|radio/.test(type);
