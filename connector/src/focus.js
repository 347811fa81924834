// Focus, caret and half-typed input outlive the nodes they were in.

import { rowKeys } from "./list.js";
import { CONTROLS, isDirty, isToggle, lastSent, modelOf } from "./inputs.js";
import { progress, root } from "./page.js";

/** The element that has focus, or has taken the place of the one that had. @type {any} */
let focused;

/** Run `work`; the same control has focus and selection afterwards. @param {() => void} work */
export function keepFocus(work) {
  focused = document.activeElement;
  const { selectionStart, selectionEnd } = focused || {};
  work();
  if (!focused?.isConnected || focused === document.body) return;
  if (focused !== document.activeElement) focused.focus({ preventScroll: true });
  if (selectionStart != null && (focused.selectionStart !== selectionStart || focused.selectionEnd !== selectionEnd))
    focused.setSelectionRange(selectionStart, selectionEnd);
}

/** What an element is to a person: its name, and the rows it is in. @param {any} element */
function identity(element) {
  const name = element.id || element.getAttribute("name") || modelOf(element)?.value;
  if (!name) return "";
  const keys = [];
  for (let node = element; node; node = node.parentNode) keys.push(rowKeys.get(node));
  return [name, isToggle(element) && element.value, keys].join("\0");
}

/** Run `work`, which replaces nodes; carry focus and dirty values over. @param {() => void} work */
export function keepInput(work) {
  /** @type {Map<string, any>} */
  const before = new Map();
  for (const element of root.querySelectorAll(CONTROLS)) {
    const name = identity(element);
    // two of the same name: no telling which is which
    if (name) before.set(name, before.has(name) ? null : element);
  }
  work();
  for (const twin of /** @type {NodeListOf<any>} */ (root.querySelectorAll(CONTROLS))) {
    const old = before.get(identity(twin));
    if (!old || old.isConnected) continue;
    if (focused === old) focused = twin;
    const sent = modelOf(old);
    if (isDirty(old) && old.type !== "file" && (!sent || lastSent.get(sent.value)?.[1] > progress.done_)) {
      if (isToggle(old)) twin.checked = old.checked;
      else twin.value = old.value;
    }
  }
}
