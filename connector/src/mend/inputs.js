// What a person types is not lost: not when the server writes to the control, and not when its nodes are built again.

import { core } from "./core.js";
import { rememberFocus } from "./focus.js";
import { rebuild } from "./repair.js";

/** Does a field's value select this option, radio or checkbox? @param {any} value @param {any} choice */
const selects = (value, choice) => value === true || [value].flat().map(String).includes(choice.value);

/** @param {Element} control @returns {any} */
const fieldOf = (control) => core.modelOf_(control)?.value;

/** What a control goes by in `inputs`. @param {Element} control */
const keyOf = (control) => fieldOf(control) || control;

/** Writes which wait until their control loses focus. @type {WeakMap<Element, () => void>} */
const waiting = new WeakMap();

/** A control has lost focus: what the server wrote meanwhile shows. @param {Element} control */
export function leave(control) {
  // typed and taken back: `.lazy` sends nothing
  const field = fieldOf(control);
  if (core.inputs_.get(field)?.[1] === Infinity) core.inputs_.delete(field);
  const write = waiting.get(control);
  // first: when the whole window lost focus the write waits again
  waiting.delete(control);
  write?.();
}

/**
 * Write what a control shows: its attribute or text by `write`, and its property where the person's input allows it.
 *
 * @param {any} element a control or an option
 * @param {string} name
 * @param {any} value
 * @param {() => void} write
 */
function writeControl(element, name, value, write) {
  const isValue = name === "value";
  const next = isValue ? String(value ?? "") : value != null;
  const control = element.closest("select") || element;
  const field = fieldOf(control);
  /** @type {any} */
  const input = core.inputs_.get(keyOf(control));
  const differs = element[name] !== next;
  if (differs && !field && !input && control === document.activeElement)
    waiting.set(control, () => writeControl(element, name, value, write));
  else {
    write();
    const sent = field && input?.[1] <= core.page_.done_ && input[6];
    const isNews = !input || (sent && (isValue ? String(sent[field]) : selects(sent[field], element)) !== next);
    if (isNews) element[name] = next;
    if (isNews ? differs : !differs && !field) core.inputs_.delete(keyOf(control));
  }
}

/** @param {any} element @param {string} name "" for its text @param {any} value @param {() => void} write */
export function writeTo(element, name, value, write) {
  if (/^(value|checked|selected|)$/.test(name) && element.matches?.(name ? "input,option" : "textarea"))
    writeControl(element, name || "value", value, write);
  else write();
}

const findControls = () => /** @type {NodeListOf<any>} */ (core.root_.querySelectorAll(core.CONTROLS_));

/** Controls by what they are to a person: a name, and the rows they are in. */
function controls() {
  /** @type {Map<string, any>} */
  const found = new Map();
  for (const control of findControls()) {
    const names = [control.id || control.name || fieldOf(control), core.isToggle_(control) && control.value];
    for (let node = control; node; node = node.parentNode) names.push(core.rowKeys_.get(node));
    const name = names.join("\n");
    // two of the same name: no telling which is which
    if (names[0]) found.set(name, found.has(name) ? null : control);
  }
  return found;
}

/** Build a block again; carry focus and typed values over. @param {any[]} address @param {any} fill */
export function build(address, fill) {
  const before = controls();
  const focused = document.activeElement;
  const restoreFocus = rememberFocus();
  rebuild(address, fill);
  for (const [name, control] of controls()) {
    const old = before.get(name);
    if (!control || !old || control === old) continue;
    /** @type {any} */
    const input = core.inputs_.get(keyOf(old));
    if (input?.[1] > core.page_.done_ && old.type !== "file") {
      control.checked = old.checked;
      control.value = old.value;
      core.inputs_.set(keyOf(control), input);
    }
    if (old === focused) restoreFocus(control);
  }
}

/** The server insists. @param {string} field @param {any} value */
export function setInput(field, value) {
  for (const control of findControls())
    if (fieldOf(control) === field) {
      core.inputs_.delete(keyOf(control));
      if (core.isToggle_(control)) control.checked = selects(value, control);
      else if (control.options) for (const option of control.options) option.selected = selects(value, option);
      else control.value = value; // null empties it
    }
}
