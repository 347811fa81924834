// The livets connector: makes the page that the server has rendered live. docs/protocol.md is its specification.

import { open } from "./connection.js";
import { listen } from "./events.js";
import { hydrate } from "./hydrate.js";
import { load } from "./lazy.js";
import { CONTROLS } from "./nodes.js";
import { findRoot, page } from "./page.js";

// Deferred: the document is complete.
const root = findRoot();
if (root) {
  page.fingerprint_ = root.dataset.fp;
  page.shape_ = JSON.parse(/** @type {any} */ (document.getElementById("livets-shape")).text);
  page.view_ = hydrate(page.shape_[0]);
  if (page.needsMend_ ||= root.querySelector(CONTROLS)) load();
  listen();
  open();
}
