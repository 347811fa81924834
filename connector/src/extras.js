// Extras: files beside this one, of the same build, that only some pages need.

import { push } from "./outbox.js";
import { page, root } from "./page.js";

/** Only known while this script is being run for the first time. */
const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;

/** The module of that name. @param {string} name @returns {Promise<any>} */
export const module = (name) => import(here.replace(/connector(?=[^/]*$)/, name));

/** edits.js, once it is there. @type {undefined | typeof import("./extras/edits.js").applyEdits} */
export let applyEdits;

/** Fetch edits.js if the shape has an HTML slot. Edits that come before it does are healed. @param {any} shape */
export const fetchEdits = async (shape) => {
  // a slot [3, path]; the same in a text costs one request
  if (applyEdits || !JSON.stringify(shape).includes("[3,[")) return;
  await module("edits").then((extra) => (applyEdits = extra.applyEdits), () => {});
};

/** @type {Promise<(operation: [number, string]) => void> | undefined} */
let navigation;

/** navigation.js, started once: the address bar and the view go together. */
export const addressBar = () =>
  (navigation ||= module("navigation").then(
    (extra) => extra.default({ root_: root, page_: page, push_: push }),
    (error) => {
      navigation = undefined;
      throw error;
    },
  ));
