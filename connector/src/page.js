// The page this connector serves: its root element, how far it has come, and what it tells scripts about itself.

/**
 * The element with `data-livets`; its child nodes are the view's root block.
 *
 * @type {HTMLElement}
 */
export let root;

/** Highest server seq received; highest ref whose result this page shows. */
export const progress = { seen_: 0, done_: 0 };

export const findRoot = () => (root = /** @type {HTMLElement} */ (document.querySelector("[data-livets]")));

/** @param {string} name @param {any} [detail] */
export const emit = (name, detail) =>
  root.dispatchEvent(new CustomEvent(`livets:${name}`, { bubbles: true, detail }));

/** An event was not handled: tell scripts and whoever reads the console. @param {string} code @param {string} message */
export function fail(code, message) {
  console.error(code, message);
  emit("error", { code, message });
}

let status = "";

/** @param {string} name "connecting", "connected", "offline" or "failed": a class on the root for style sheets. */
export function setStatus(name) {
  if (status) root.classList.remove(status);
  root.classList.add((status = `livets-${name}`));
}
