// Form controls belong to the person who types: what the server writes waits for what is typed (docs/protocol.md,
// "Inputs"), and focus, caret and typed values stay, whatever is moved and built again.

import { changeBlock } from "./block.js";
import { rowKeys } from "./list.js";
import { member } from "./member.js";
import { emit, page, root } from "./page.js";
import { rebuild } from "./repair.js";

/**
 * The last Event message which carried the value of a bound field, by the field's name or else by its control; with
 * the ref Infinity for a field whose newer value waits to be sent, and for a control that is not bound and was typed in.
 *
 * @type {Map<any, any[]>}
 */
export const inputs = new Map();

/** Writes which wait until their control loses focus. @type {WeakMap<Element, () => void>} */
const waiting = new WeakMap();

/** What people operate. */
export const CONTROLS = "button,a,input,select,textarea";

/** The attribute which binds a control, `ts-model` with its modifiers. @param {Element} control */
export const modelOf = (control) => [...member(control, "attributes")].find(({ name }) => /^ts-model\b/.test(name));

/** What a control goes by in `inputs`. @param {Element} control @returns {any} */
export const keyOf = (control) => modelOf(control)?.value || control;

/** Is there an input which the server has not answered? @param {Element} control */
const isHeld = (control) => /** @type {any} */ (inputs.get(keyOf(control)))?.[1] > page.done_;

/** @param {any} control */
export const isToggle = ({ type }) => /checkbox|radio/.test(type);

/** A control's value as an event has it. @param {any} control @returns {any} */
export const valueOf = ({ type, selectedOptions, value }) =>
  type === "select-multiple" ? [...selectedOptions].map(valueOf) : value;

/** A text as `ts-model.trim.number` sends it. @param {string} text @param {Element} control */
function polished(text, control) {
  const name = /** @type {any} */ (modelOf(control)?.name);
  if (/\.trim/.test(name)) text = text.trim();
  // what is no number goes as it is: the server says what is wrong with it
  return /\.number/.test(name) && parseFloat(text) == /** @type {any} */ (text) ? +text : text;
}

/** What a control's field gets; checkboxes with values of their own share a list. @param {any} control */
export function modelValue(control) {
  const value = valueOf(control);
  if (control.type !== "checkbox") return value?.map ? value : polished(value, control);
  return control.hasAttribute("value")
    ? controlsOf(keyOf(control)).filter(({ checked }) => checked).map(valueOf)
    : control.checked;
}

/** Does a field's value select this option, radio or checkbox? @param {any} value @param {any} choice */
const selects = (value, choice) => value === true || [value].flat().map(String).includes(choice.value);

/**
 * Write an attribute, or a text; to a control its property as well, unless the person is ahead of the server.
 *
 * @param {any} element @param {string} name "" for its text @param {any} value @param {() => void} write
 */
export function writeTo(element, name, value, write) {
  if (!/^(input|option):(value|checked|selected)$|^textarea:$/.test(element.localName + ":" + name)) return write();
  const property = name || "value";
  const next = property === "value" ? (value ?? "") : value != null;
  const control = element.closest("select") || element;
  const differs = String(polished(String(element[property]), control)) !== String(next);
  if (differs && keyOf(control) === control && control === document.activeElement && !inputs.has(control))
    waiting.set(control, () => writeTo(element, name, value, write));
  else {
    // as the server says: nothing was typed that could be lost
    if (!differs) inputs.delete(control);
    else if (!isHeld(control)) element[property] = next;
    // last: where the property is the attribute (an option's value), that may have to go
    write();
  }
}

/** A control has lost focus: what the server wrote meanwhile shows. @param {Element} control */
export function leave(control) {
  // typed and taken back: `.lazy` sends nothing
  const key = keyOf(control);
  if (key !== control && inputs.get(key)?.[1] === Infinity) inputs.delete(key);
  const write = waiting.get(control);
  // first: when the whole window lost focus the write waits again
  waiting.delete(control);
  write?.();
}

/** @type {any} */
let focused;
/** @type {any} */
let caret;

/** Change the page; focus and caret stay, whatever is moved, written and built again. @param {any[]} diff */
export function patch(diff) {
  focused = document.activeElement;
  caret = focused.selectionStart;
  const { selectionEnd } = focused;
  changeBlock(page.view_, diff);
  // Gone for good (an edit button has become a form): the last control with `autofocus`, better than nobody.
  if (!focused.isConnected) {
    for (const control of root.querySelectorAll("[autofocus]")) focused = control;
    caret = focused.selectionStart;
  }
  if (focused !== document.activeElement) focused.focus({ preventScroll: true });
  // A written value has its caret at the end; where it was there before, or never was any, nothing is to be done.
  if (focused.selectionStart !== caret) focused.setSelectionRange(caret, selectionEnd);
  emit("patched");
}

/** @param {Element} [scope] */
const findControls = (scope = root) => /** @type {NodeListOf<any>} */ (scope.querySelectorAll(CONTROLS));

/** @param {any} key what they go by in `inputs` */
const controlsOf = (key) => [...findControls()].filter((control) => keyOf(control) === key);

/** Controls by what they are to a person: a name, and the rows they are in; two of the same name: no telling which is which. @param {Element} scope */
function controls(scope) {
  /** @type {Map<string, any>} */
  const found = new Map();
  for (const control of findControls(scope)) {
    const names = [control.id || control.name || keyOf(control), isToggle(control) && control.value];
    for (let node = control; node; node = member(node, "parentNode")) names.push(rowKeys.get(node));
    const name = names.join();
    found.set(name, found.has(name) ? null : control);
  }
  return found;
}

/** Controls are made anew; carry focus and typed values over. @param {Element} scope @param {() => void} change */
export function carryOver(scope, change) {
  const before = controls(scope);
  change();
  for (const [name, control] of controls(scope)) {
    const old = before.get(name);
    if (control && old && control !== old) {
      if (isHeld(old) && old.type !== "file") {
        control.checked = old.checked;
        control.value = old.value;
        inputs.set(keyOf(control), /** @type {any} */ (inputs.get(keyOf(old))));
      }
      if (old === focused) focused = control;
    }
  }
}

/** Build a block again. @param {any[]} address @param {any} fill */
export const build = (address, fill) => carryOver(root, () => rebuild(address, fill));

/** The server insists. @param {string} field @param {any} value */
export function setInput(field, value) {
  inputs.delete(field);
  for (const control of controlsOf(field))
    if (isToggle(control)) control.checked = selects(value, control);
    else if (control.options) for (const option of control.options) option.selected = selects(value, option);
    else control.value = value; // null empties it
}
