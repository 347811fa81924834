// What the server sends for the whole view: a diff of its root block, and operations that stand beside it.

import { changeBlock } from "./block.js";
import { mend, report } from "./lazy.js";
import { emit, page } from "./page.js";

/** @param {any[]} diff */
export function patch(diff) {
  const restoreFocus = mend?.rememberFocus_();
  try {
    changeBlock(page.view_, diff);
  } catch (error) {
    // A fault here must not end in a page that is quietly wrong.
    console.error(error);
    report(page.view_);
  }
  restoreFocus?.();
  emit("patched");
}
