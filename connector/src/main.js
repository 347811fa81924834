// The livets connector: makes the page that the server has rendered live. docs/protocol.md is its specification.

import { open } from "./connection.js";
import { listen } from "./events.js";
import { addressBar, fetchEdits } from "./extras.js";
import { newBlock, walk } from "./hydrate.js";
import { page, root } from "./page.js";
import { report } from "./repair.js";

// Deferred: the document is complete.
if (root) {
  page.fingerprint_ = root.dataset.fp;
  page.shape_ = JSON.parse(/** @type {any} */ (document.getElementById("livets-shape")).text);
  page.view_ = newBlock(page.shape_[0]);
  if (walk(page.view_, root, root.firstChild) !== null) report(page.view_);
  listen();
  if ("links" in root.dataset) addressBar();
  // a page without HTML slots waits for nothing
  fetchEdits(page.shape_).then(open);
}
