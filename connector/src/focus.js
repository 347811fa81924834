// Focus, caret and half-typed input outlive the nodes they were in.

import { CONTROLS, inputOf, isToggle, modelOf, noteInput } from "./controls.js";
import { rowKeys } from "./list.js";
import { progress, root } from "./page.js";

/** The element that has focus, or has taken the place of the one that had. @type {any} */
let focused;

/** Run `work`; the same control has focus and selection afterwards. @param {() => void} work */
export function keepFocus(work) {
  focused = document.activeElement;
  const { selectionStart, selectionEnd } = focused;
  work();
  if (!focused.isConnected) return;
  if (focused !== document.activeElement) focused.focus({ preventScroll: true });
  if (selectionStart != null && (focused.selectionStart !== selectionStart || focused.selectionEnd !== selectionEnd))
    focused.setSelectionRange(selectionStart, selectionEnd);
}

/** Controls by what they are to a person: a name, and the rows they are in. */
function controls() {
  /** @type {Map<string, any>} */
  const found = new Map();
  for (const control of /** @type {NodeListOf<any>} */ (root.querySelectorAll(CONTROLS))) {
    const names = [control.id || control.name || modelOf(control)?.value, isToggle(control) && control.value];
    for (let node = control; node; node = node.parentNode) names.push(rowKeys.get(node));
    const name = names.join("\n");
    // two of the same name: no telling which is which
    if (names[0]) found.set(name, found.has(name) ? null : control);
  }
  return found;
}

/** Run `work`, which replaces nodes; carry focus and typed values over. @param {() => void} work */
export function keepInput(work) {
  const before = controls();
  work();
  for (const [name, control] of controls()) {
    const old = before.get(name);
    if (!control || !old || control === old) continue;
    if (focused === old) focused = control;
    const input = inputOf(old);
    if (input && input[1] > progress.done_ && old.type !== "file") {
      control.checked = old.checked;
      control.value = old.value;
      noteInput(modelOf(control)?.value, input, control);
    }
  }
}
