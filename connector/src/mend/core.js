// What the core hands over: the two bundles share modules of plain functions, and no variable. All that has state is here.

/** @type {import("../lazy.js").Core} */
export let core;

/** @param {import("../lazy.js").Core} it */
export const setCore = (it) => (core = it);
