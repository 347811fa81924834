// Attributes, where classes of other scripts stay; and what a person has typed is known.

import { mend } from "./lazy.js";
import { modelOf } from "./nodes.js";

/**
 * The last Event message which carried the value of a bound field, by the field's name or else by its control; with
 * the ref Infinity for a field whose newer value waits to be sent, and for a control that is not bound and was typed in.
 *
 * @type {Map<any, any[]>}
 */
export const inputs = new Map();

/** What a control goes by in `inputs`. @param {Element} control @returns {any} */
export const keyOf = (control) => modelOf(control)?.value || control;

/**
 * @param {import("./block.js").Part} part
 * @param {string} name
 * @param {any} value nullish: the attribute is absent
 */
export function writeAttribute(part, name, value) {
  const element = part.node_;
  if (name === "class") {
    // HTML's white space: \s would part what a class list does not, such as a no-break space
    const ours = part.classes_?.split(/[ \t\n\f\r]/) || [];
    const others = [...element.classList].filter((token) => !ours.includes(token));
    part.classes_ = value;
    if (others[0]) value = [value, ...others].join(" ");
  }
  const write = () => {
    if (value == null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  };
  writeTo(element, name, value, write);
}

/**
 * On a page with controls mend.js decides what writing to one means.
 *
 * @param {any} element @param {string} name "" for its text @param {any} value @param {() => void} write
 */
export const writeTo = (element, name, value, write) => (mend ? mend.writeTo_(element, name, value, write) : write());
