// Focus and caret stay where they are, whatever is moved, written and built again.

import { core } from "./core.js";

/**
 * Answers what gives them back, to the control that had them or to the one that takes its place. When it is gone for
 * good (an edit button has become a form), the last control with `autofocus` gets the focus: better than nobody.
 */
export function rememberFocus(focused = /** @type {any} */ (document.activeElement)) {
  const { selectionStart, selectionEnd } = focused;
  return (control = focused) => {
    if (!control.isConnected) {
      for (control of core.root_.querySelectorAll("[autofocus]"));
      return control.focus();
    }
    if (control !== document.activeElement) control.focus({ preventScroll: true });
    // A written value has its caret at the end; where it was there before, or never was any, nothing is to be done.
    if (control.selectionStart !== selectionStart) control.setSelectionRange(selectionStart, selectionEnd);
  };
}
