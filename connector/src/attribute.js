// Writing attributes beside other scripts and people: classes of others stay, and what a person types is not lost.

import { lastSent, modelOf, isDirty, matches } from "./inputs.js";
import { progress } from "./page.js";

/** Attributes that a control's own state hides: property, and property of the attribute's value. */
const REFLECTED = /** @type {Record<string, string>} */ ({
  value: "defaultValue",
  checked: "defaultChecked",
  selected: "defaultSelected",
});

/**
 * Writes which wait until their control loses focus.
 *
 * @type {Map<Element, () => void>}
 */
export const waiting = new Map();

/**
 * @param {import("./block.js").Part} part
 * @param {string} name
 * @param {any} value nullish: the attribute is absent
 */
export function writeAttribute(part, name, value) {
  const element = part.node_;
  if (name === "class") {
    const ours = part.classes_?.split(/\s+/) || [];
    const others = [...element.classList].filter((token) => !ours.includes(token));
    part.classes_ = value;
    if (others[0]) value = [value, ...others].join(" ");
  }
  const write = () => {
    if (value == null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  };
  if (REFLECTED[name] in element) writeControl(element, name, value, write);
  else write();
}

/**
 * Write what a control shows: its attribute or text by `write`, and its property where the person's input allows it.
 *
 * @param {any} element a control or an option
 * @param {string} name
 * @param {any} value
 * @param {() => void} write
 */
export function writeControl(element, name, value, write) {
  const next = name === "value" ? String(value ?? "") : value != null;
  const control = element.closest("select") || element;
  const differs = element[name] !== next;
  const field = modelOf(control)?.value;
  let wins = differs;
  if (differs && element.isConnected) {
    if (field) {
      const sent = lastSent.get(field);
      wins = !sent || (sent[1] <= progress.done_ && (name === "value" ? String(sent[6][field]) : matches(sent[6][field], element)) !== next);
      if (wins) lastSent.delete(field);
    } else {
      wins = !isDirty(control);
      if (wins && control === document.activeElement) {
        waiting.set(control, () => writeControl(element, name, value, write));
        return;
      }
    }
  }
  write();
  if (wins) element[name] = next;
}
