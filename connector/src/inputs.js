// Form controls: what a person typed, what the browser has sent of it, and what the server wants them to show.

import { root } from "./page.js";

/**
 * The last Event message that carried a bound field's value; ref Infinity while a newer value waits to be sent.
 *
 * @type {Map<string, any[]>}
 */
export const lastSent = new Map();

/** What people operate. */
export const CONTROLS = "input,select,textarea,button,a";

/** The attribute which binds a control, `ts-model` with its modifiers. @param {Element} control */
export const modelOf = (control) => [...control.attributes].find(({ name }) => /^ts-model(\.|$)/.test(name));

/** @param {any} control */
export const isToggle = ({ type }) => type === "checkbox" || type === "radio";

/** Does the person see something other than what the server's HTML says? @param {any} control */
export const isDirty = (control) =>
  isToggle(control)
    ? control.checked !== control.defaultChecked
    : control.value !== (control.options ? control.querySelector("[selected]") || control.options[0] || control : { value: control.defaultValue }).value;

/** Does a field's value select this option, radio or checkbox? @param {any} value @param {any} choice */
export const matches = (value, choice) => value === true || [value].flat().map(String).includes(choice.value);

/** A control's value as an event's field. @param {any} control */
export const valueOf = (control) =>
  control.type === "checkbox"
    ? control.checked
    : control.multiple && control.options
      ? Array.from(control.selectedOptions, (option) => option.value)
      : control.value;

/** The server insists. @param {string} field @param {any} value */
export function setInput(field, value) {
  lastSent.delete(field);
  for (const control of /** @type {NodeListOf<any>} */ (root.querySelectorAll(CONTROLS)))
    if (modelOf(control)?.value === field)
      if (isToggle(control)) control.checked = matches(value, control);
      else if (control.options) for (const option of control.options) option.selected = matches(value, option);
      else control.value = value ?? "";
}
