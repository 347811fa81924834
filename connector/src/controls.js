// Attributes and form controls: classes of other scripts stay, and what a person types is not lost.

import { progress, root } from "./page.js";

/** What people operate. */
export const CONTROLS = "input,select,textarea,button,a";

/**
 * What stands for a bound field, so that it can be remembered like a control.
 *
 * @type {Record<string, object>}
 */
const fields = {};

/**
 * The last Event message which carried the value of a bound field; with the ref Infinity for a field whose newer value
 * waits to be sent, and for a control that is not bound and was typed in.
 *
 * @type {WeakMap<object, any[]>}
 */
const inputs = new WeakMap();

/** Writes which wait until their control loses focus. @type {WeakMap<Element, () => void>} */
export const waiting = new WeakMap();

/** The attribute which binds a control, `ts-model` with its modifiers. @param {Element} control */
export const modelOf = (control) => [...control.attributes].find(({ name }) => /^ts-model(\.|$)/.test(name));

/** @param {any} control */
export const isToggle = ({ type }) => type === "checkbox" || type === "radio";

/** @param {string | undefined} field @param {object} [control] when it is bound to no field */
const keyOf = (field, control) => (field ? (fields[field] ||= {}) : /** @type {object} */ (control));

/** @param {Element} control */
export const inputOf = (control) => inputs.get(keyOf(modelOf(control)?.value, control));

/** @param {string | undefined} field @param {any[]} event @param {Element} [control] */
export const noteInput = (field, event, control) => inputs.set(keyOf(field, control), event);

/** @param {Element} control */
export const forgetInput = (control) => inputs.delete(keyOf(modelOf(control)?.value, control));

/** Does a field's value select this option, radio or checkbox? @param {any} value @param {any} choice */
const selects = (value, choice) => value === true || [value].flat().map(String).includes(choice.value);

/** A control's value as an event's field. @param {any} control */
export const valueOf = (control) =>
  control.type === "checkbox"
    ? control.checked
    : control.multiple && control.options
      ? Array.from(control.selectedOptions, (option) => option.value)
      : control.value;

/** The server insists. @param {string} field @param {any} value */
export function setInput(field, value) {
  for (const control of /** @type {NodeListOf<any>} */ (root.querySelectorAll(CONTROLS)))
    if (modelOf(control)?.value === field) {
      forgetInput(control);
      if (isToggle(control)) control.checked = selects(value, control);
      else if (control.options) for (const option of control.options) option.selected = selects(value, option);
      else control.value = value ?? "";
    }
}

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
  if (/^(value|checked|selected)$/.test(name) && element.matches("input,option")) writeControl(element, name, value, write);
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
  const field = modelOf(control)?.value;
  const input = inputOf(control);
  const differs = element[name] !== next;
  if (differs && !field && !input && control === document.activeElement) {
    waiting.set(control, () => writeControl(element, name, value, write));
    return;
  }
  write();
  if (!input || (field && input[1] <= progress.done_ && (name === "value" ? String(input[6][field]) : selects(input[6][field], element)) !== next)) {
    element[name] = next;
    if (differs) forgetInput(control);
  } else if (!differs && !field) forgetInput(control);
}
