// The page this connector serves: its root element, how far it has come, and what it tells scripts about itself.

/** How long a drop may last until the page speaks of it. */
const PATIENCE_MS = 1500;

/** The element with `data-livets`; its child nodes are the view's root block. */
export const root = /** @type {HTMLElement} */ (document.querySelector("[data-livets]"));

/**
 * Highest server seq received; highest ref whose result this page shows; the view's root block, its shape and the
 * fingerprint of the template that the page's nodes belong to.
 *
 * @type {{ seen_: number, done_: number, view_: import("./block.js").Block, shape_: any[], fingerprint_: any }}
 */
export const page = /** @type {any} */ ({ seen_: 0, done_: 0 });

/** @param {string} name @param {any} [detail] */
export const emit = (name, detail) =>
  root.dispatchEvent(new CustomEvent("livets:" + name, { bubbles: true, detail }));

/**
 * An event was not handled: tell scripts and whoever reads the console.
 *
 * @param {string} code @param {string} message @param {number} [_ref] @param {any} [extra] in development
 */
export function fail(code, message, _ref, extra) {
  console.error(code, message);
  emit("error", { code, message, extra });
}

let status = "";

/** The banner speaks when a drop has lasted for a while, in the words which the layout gives it. */
function announce() {
  const banner = document.getElementById("livets-status");
  const words = banner?.dataset[status] || "";
  if (banner && banner.textContent !== words) {
    banner.textContent = words;
    banner.hidden = !words;
  }
}

/** @param {string} name "connecting", "connected", "offline" or "failed": a class on the root for style sheets. */
export function setStatus(name) {
  root.classList.remove("livets-" + status);
  root.classList.add("livets-" + (status = name));
  setTimeout(announce, /ed$/.test(name) ? 0 : PATIENCE_MS);
}
