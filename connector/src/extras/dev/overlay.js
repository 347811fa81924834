// The overlay: one dialog over the page for what went wrong, in a shadow root, so that neither page nor overlay styles
// the other. Native <dialog>: the page behind is inert, Escape closes it, focus goes back to where it was.

import { sheet } from "./look.js";

/**
 * @typedef {{ title?: string, label?: string, text?: string | null, hint?: string, parts?: Record<string, any>, isLasting?: boolean }} Trouble
 * `isLasting`: goes away when it is mended, not when another error is shown.
 */

/** @type {HTMLDialogElement | undefined} */
let dialog;
/** Newest last. @type {Trouble[]} */
let troubles = [];
let at = 0;

/**
 * @param {string} name @param {Record<string, string>} [attributes] @param {...(Node | string)} children
 * @returns {any}
 */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  element.append(...children);
  return element;
}

/** @param {string} label @param {() => void} onClick @param {Record<string, string>} [attributes] */
function button(label, onClick, attributes) {
  const element = make("button", { type: "button", ...attributes }, label);
  element.onclick = onClick;
  return element;
}

/** What the server has written out already stays as it is; what is empty says nothing. @param {any} value */
const asText = (value) =>
  typeof value === "string"
    ? value
    : Object.entries(value)
        .filter(([, part]) => typeof part !== "object" || (part && Object.keys(part).length))
        .map(([name, part]) => `${name} = ${typeof part === "string" ? part : JSON.stringify(part)}`)
        .join("\n");

/** A traceback: the program's frames, and folded between them those of what it uses. @param {string} text */
function traceback(text) {
  const lines = text.trimEnd().split("\n");
  /** @type {any[]} */
  const nodes = [];
  /** @type {any} the frames that are being folded */
  let fold;
  let frames = 0;
  lines.forEach((line, index) => {
    const frame = /^\s+File "(.*)", line \d+/.exec(line);
    const isLast = index === lines.length - 1;
    if (frame && /site-packages|\/lib\/python|[\\/]livets[\\/]|^</.test(frame[1])) {
      if (!fold) {
        nodes.push((fold = make("details", {}, make("summary"))));
        frames = 0;
      }
      fold.firstChild.textContent = `${++frames} frame${frames > 1 ? "s" : ""} outside of the program`;
    } else if (frame || isLast || /^\S/.test(line)) fold = undefined;
    (fold ?? { append: (/** @type {any} */ node) => nodes.push(node) }).append(
      make("span", { class: isLast ? "last" : frame && !fold ? "frame" : "" }, line + "\n"),
    );
  });
  return nodes;
}

/** What the copy button copies. @param {Trouble} trouble */
function plain({ title, label, text, parts }) {
  const more = Object.entries(parts ?? {}).filter(([, value]) => value != null);
  return [`${label}: ${title}`, text, ...more.map(([name, value]) => `${name}:\n${asText(value)}`)].filter(Boolean).join("\n\n");
}

/** @param {HTMLButtonElement} copier @param {Trouble} trouble */
async function copy(copier, trouble) {
  try {
    await navigator.clipboard.writeText(plain(trouble));
    copier.textContent = "Copied";
  } catch {
    copier.textContent = "Not allowed here";
  }
}

function draw() {
  const trouble = troubles[at];
  const { title = "", label = "", text, hint, parts = {} } = trouble;
  const copier = button("Copy", () => copy(copier, trouble));
  const count = troubles.length;
  const turn = (/** @type {number} */ by) => {
    at = (at + by + count) % count;
    draw();
  };
  const pager = make(
    "span",
    { class: "pager" },
    button("‹", () => turn(-1), { "aria-label": "Error before" }),
    make("span", {}, `${at + 1} of ${count}`),
    button("›", () => turn(1), { "aria-label": "Next error" }),
  );
  const close = button("Close", hide, { autofocus: "", "aria-keyshortcuts": "Escape" });
  const body = make("div", { class: "body", tabindex: "-1" });
  if (text) body.append(make("pre", { class: "trace", tabindex: "0", "aria-label": "Details" }, ...traceback(text)));
  for (const [name, value] of Object.entries(parts))
    if (value != null) body.append(make("section", {}, make("h2", {}, name), make("pre", { tabindex: "0" }, asText(value))));
  const words = hint ?? "State is as it was before. Mend the program and save: this goes away by itself.";
  dialog?.replaceChildren(
    make("header", {}, make("p", { class: "label" }, label), ...(count > 1 ? [pager] : []), copier, close),
    make("h1", { id: "title" }, title),
    body,
    make("p", { class: "hint", id: "hint" }, words),
  );
}

/** Show what went wrong, before all that was shown before. @param {Trouble} trouble */
export function show(trouble) {
  if (!dialog) {
    const host = make("div", { "data-livets-dev": "" });
    const shadow = host.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet()];
    dialog = make("dialog", { role: "alertdialog", "aria-labelledby": "title", "aria-describedby": "hint" });
    shadow.append(/** @type {HTMLDialogElement} */ (dialog));
    document.body.append(host);
  }
  // not when it closes: that event comes later, perhaps when the next error is shown already
  if (trouble.isLasting || !dialog?.open) troubles = [];
  troubles = [...troubles, trouble].slice(-20);
  at = troubles.length - 1;
  draw();
  if (!dialog?.open) dialog?.showModal();
}

/** Take it away. */
export function hide() {
  if (dialog?.open) dialog.close();
}
