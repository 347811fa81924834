// mend.js: what makes and moves nodes, and what a page needs only in trouble. A page that has ranges or controls fetches it at
// once, any other one when it has joined, so that it is in memory before a deploy replaces it. Who needs it earlier waits.

import { changeBlock, put, putSafely } from "./block.js";
import { drop, isReady, send } from "./connection.js";
import { inputs } from "./controls.js";
import { walk } from "./hydrate.js";
import { CONTROLS, isToggle, isWhole, modelOf } from "./nodes.js";
import { page, root } from "./page.js";
import { keepRow, rowKeys } from "./rows.js";
import { EMPTY, newBlock, parse, templateOf } from "./template.js";

/** @typedef {ReturnType<import("./mend.js").default>} Mend */
/** @typedef {ReturnType<typeof core>} Core */

/** The file beside this one, of the same build. Only known while this script is being run for the first time. */
const url = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/connector(?=[^/]*$)/, "mend");

/** @type {Mend | undefined} */
export let mend;
/** @type {Promise<void> | undefined} */
let loading;
let failures = 0;

/** All that mend.js needs of this bundle: the two share no variable. */
const core = () => ({
  page_: page,
  root_: root,
  changeBlock_: changeBlock,
  putSafely_: putSafely,
  walk_: walk,
  parse_: parse,
  newBlock_: newBlock,
  EMPTY_: EMPTY,
  CONTROLS_: CONTROLS,
  templateOf_: templateOf,
  put_: put,
  keepRow_: keepRow,
  rowKeys_: rowKeys,
  report_: report,
  send_: send,
  drop_: drop,
  inputs_: inputs,
  modelOf_: modelOf,
  isToggle_: isToggle,
  isWhole_: isWhole,
});

/** Never fails; look at `mend` afterwards. */
export const load = () =>
  (loading ||= import(url + "?" + failures).then(
    (module) => (mend = module.default(core())),
    () => {
      loading = undefined;
      // browsers remember that a URL failed
      failures++;
    },
  ));

/** Ask for blocks, unless the join that comes will do it. @param {Iterable<import("./block.js").Block>} blocks */
export async function heal(blocks) {
  if (!isReady) return;
  await load();
  for (const block of blocks) mend?.ask_(block);
}

/** A block does not fit: ask for it, once, and let it be until it comes. @param {import("./block.js").Block} block */
export function report(block) {
  if (block.broken_) return;
  block.broken_ = true;
  page.reported_.add(block);
  heal([block]);
}
