// Focus and caret stay where they are, whatever is moved, written and built again.

/** Answers what gives them back, to the control that had them or to the one that takes its place. */
export function rememberFocus(focused = /** @type {any} */ (document.activeElement)) {
  const { selectionStart, selectionEnd } = focused;
  return (control = focused) => {
    if (!control.isConnected) return;
    if (control !== document.activeElement) control.focus({ preventScroll: true });
    if (selectionStart != null && (control.selectionStart !== selectionStart || control.selectionEnd !== selectionEnd))
      control.setSelectionRange(selectionStart, selectionEnd);
  };
}
