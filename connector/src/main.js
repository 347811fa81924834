// The livets connector: makes the page that the server has rendered live. docs/protocol.md is its specification.

import { open } from "./connection.js";
import { prepare } from "./extras.js";
import { newBlock, walk } from "./hydrate.js";
import { page, root } from "./page.js";
import { report } from "./repair.js";

// Deferred: the document is complete.
if (root) {
  page.fingerprint_ = root.dataset.fp;
  page.shape_ = JSON.parse(/** @type {any} */ (document.getElementById("livets-shape")).text);
  page.view_ = newBlock(page.shape_[0]);
  if (walk(page.view_, root.firstChild) !== null) report(page.view_);
  // a page without HTML slots waits for nothing
  prepare([page.shape_, root.innerHTML, "ts-on:input ts-on:change"]).then(open);
}
