// The livets connector: makes the page that the server has rendered live. docs/protocol.md is its specification.

import { open } from "./connection.js";
import { listen } from "./events.js";
import { findRoot } from "./page.js";
import { adopt } from "./patch.js";

function start() {
  const root = findRoot();
  if (!root) return;
  adopt(root.dataset.fp, JSON.parse(/** @type {any} */ (document.getElementById("livets-shape")).textContent));
  listen();
  open();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
