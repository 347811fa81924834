// The page this connector serves: its root element, how far it has come, and what it tells scripts about itself.

import { module } from "./extras.js";

/** How long a drop may last until the page speaks of it. */
const PATIENCE_MS = 1500;
/** How long an error is shown. */
const ERROR_MS = 10_000;

/** The element with `data-livets`; its child nodes are the view's root block. */
export const root = /** @type {HTMLElement} */ (document.querySelector("[data-livets]"));

/**
 * Highest server seq received; highest ref whose result this page shows; the view's root block, its shape and the
 * fingerprint of the template that the page's nodes belong to.
 *
 * @type {{ seen_: number, done_: number, view_: import("./block.js").Block, shape_: any[], fingerprint_: any }}
 */
export const page = /** @type {any} */ ({ seen_: 0, done_: 0 });

/** @param {string} name @param {any} [detail] @returns {boolean} false: a script has called preventDefault */
export const emit = (name, detail) =>
  root.dispatchEvent(new CustomEvent("livets:" + name, { bubbles: true, cancelable: true, detail }));

let status = "";

/** The banner says how the connection is, or what went wrong, in the words which the layout has for it. @param {string} [code] @param {string} [message] for what it has no words */
function announce(code = status, message = "") {
  // never live: is it the WebSocket that does not get through?
  page.seen_ || module("http");
  const banner = document.getElementById("livets-status");
  if (banner) {
    const words = banner.dataset[code] || message;
    banner.hidden = !words;
    if (banner.textContent !== words) banner.textContent = words;
  }
}

/**
 * An event was not handled: tell scripts, whoever reads the console and, unless a script does that, the person.
 *
 * @param {string} code @param {string} message @param {number} [_ref] @param {any} [extra] in development
 */
export function fail(code, message, _ref, extra) {
  console.error(code, message);
  if (emit("error", { code, message, extra })) {
    announce(code, message);
    setTimeout(announce, ERROR_MS);
  }
}

/** @param {string} name "connecting", "connected", "offline" or "failed": a class on the root for style sheets. */
export function setStatus(name) {
  root.classList.remove("livets-" + status);
  root.classList.add("livets-" + (status = name));
  // the banner speaks when a drop has lasted for a while
  // an error that came meanwhile is not taken away by a drop that is over
  setTimeout(
    () => /d$/.test(status) > /d$/.test(name) || announce(),
    /** @type {any} */ (/d$/.test(name) || PATIENCE_MS),
  );
}
