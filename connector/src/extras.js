// Extras: modules beside this file, of the same build, that only some pages need.

import { check, write } from "./block.js";
import { writeTo } from "./controls.js";
import { listenFor } from "./events.js";
import { held } from "./held.js";
import { push } from "./outbox.js";
import { page, root } from "./page.js";
import { parse } from "./template.js";

/** What follows "connector" in the URL of this script; only known while that is being run for the first time. */
const ending = /** @type {HTMLScriptElement} */ (document.currentScript).src.split("connector").pop();

/** @param {string} name of an extra, whose URL ends as ours @param {string} path (esbuild would look for files) */
export const module = (name, path = "./" + name + ending) => import(path);

/** The module for HTML slots, once it is there. @type {any} */
export let edits;
/** @type {Promise<any> | undefined} */
let navigation;

/** The promise of the function for NAVIGATE. */
export const startNavigation = () =>
  (navigation ||= module("navigation").then((it) => it.default(root, page, push)));

/** What shapes and HTML need: listeners and modules. The promise waits for what a patch may need, and never fails. @param {any} sources */
export async function prepare(sources) {
  const source = JSON.stringify(sources);
  listenFor(source);
  if ("links" in root.dataset) startNavigation();
  // there are HTML slots; without the module edits are healed
  if (source.includes("[3,[")) await module("edits").then((it) => (edits = it), () => {});
}

/** What edits.js needs of us; it has no other way to the page. @type {import("./extras/edits.js").Env} */
const env = [
  held,
  parse,
  writeTo,
  listenFor,
  write,
];

/** Edit what an HTML slot shows; throws when that cannot be done, or the module has not come: then the block will. @param {import("./block.js").Part} part @param {any[]} operations */
export const edit = ({ node_ }, operations) => check(edits.default(node_, operations, env));
