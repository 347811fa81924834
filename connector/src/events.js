// Directives: one listener a DOM event type, on the document. `ts-on:click.prevent="save(1)"`, `ts-model.lazy="name"`.

import { CONTROLS, forgetInput, inputOf, isToggle, modelOf, noteInput, valueOf, waiting } from "./controls.js";
import { parseHandler } from "./handler.js";
import { push } from "./outbox.js";
import { root } from "./page.js";

const DEFAULT_MS = 300;
/** All that is not the name of a key. */
const KNOWN = /^(ts-.*|prevent|stop|once|debounce|throttle|\d+m?s)$/;

/** Debounced sends, by directive; in order. @type {Map<Attr, [number, () => void]>} */
const pending = new Map();
/** When a throttled directive may fire again; `.once` is a throttle for ever. @type {WeakMap<Attr, number>} */
const resting = new WeakMap();

/** What was typed before goes before. */
function flush() {
  for (const [directive, [timer, send]] of pending) {
    clearTimeout(timer);
    pending.delete(directive);
    send();
  }
}

/** Send now or later, as the directive's modifiers say. @param {Attr} directive @param {() => void} send */
function schedule(directive, send) {
  const { name } = directive;
  const [, digits, milli] = /\.(\d+)(m?)s\b/.exec(name) || [];
  const wait = digits ? +digits * (milli ? 1 : 1000) : DEFAULT_MS;
  const now = Date.now();
  if (now < /** @type {number} */ (resting.get(directive))) return;
  if (/\.(once|throttle)/.test(name)) resting.set(directive, now + (/\.once/.test(name) ? Infinity : wait));
  if (/\.debounce/.test(name)) {
    clearTimeout(pending.get(directive)?.[0]);
    pending.delete(directive);
    pending.set(directive, [setTimeout(flush, wait), send]);
  } else {
    flush();
    send();
  }
}

/** What a person expects of the event. @param {any} event @param {Element} element with the directive */
function payloadOf({ type, key, target, submitter }, element) {
  /** @type {Record<string, any>} */
  const payload = {};
  const isSubmit = type === "submit";
  const control = target.closest(CONTROLS);
  const form = isSubmit ? target : element;
  if (control?.value || (control && type !== "click" && !isSubmit)) {
    payload.value = control.multiple ? valueOf(control) : control.value;
    if (isToggle(control)) payload.checked = control.checked;
  }
  if (key) payload.key = key;
  if (form instanceof HTMLFormElement) {
    const data = new FormData(form, submitter);
    payload.form = {};
    for (const name of data.keys()) {
      // files do not travel over the socket
      const values = data.getAll(name).map((value) => (value instanceof File ? "" : value));
      payload.form[name] = values[1] == null ? values[0] : values;
    }
  }
  return payload;
}

/** @param {any} event */
function dispatch(event) {
  const { type, target, key } = event;
  if (!root.contains(target)) return;
  const model = modelOf(target);
  // what was typed is newer than all that the server has heard of
  if (type === "input") noteInput(model?.value, [0, Infinity], target);
  if (model && type === (isToggle(target) || target.options || /\.lazy/.test(model.name) ? "change" : "input")) {
    const value = valueOf(target);
    schedule(model, () => push("", [], {}, { [model.value]: value }));
  }
  let stop;
  for (let element = target; root.contains(element) && !stop; element = element.parentElement)
    for (const directive of element.attributes) {
      const modifiers = directive.name.split(".");
      if (modifiers[0] !== `ts-on:${type}`) continue;
      const keys = modifiers.filter((/** @type {string} */ word) => !KNOWN.test(word));
      if (keys[0] && key && (event.isComposing || !keys.includes(key.toLowerCase()))) continue;
      // a new tab is a new tab
      if (type === "click" && (event.ctrlKey || event.metaKey || event.shiftKey) && element.closest("a[href]")) continue;
      if (type === "submit" || modifiers.includes("prevent")) event.preventDefault();
      stop ||= modifiers.includes("stop");
      const [handler, args] = parseHandler(directive.value);
      const payload = payloadOf(event, element);
      schedule(directive, () => push(handler, args, payload, {}));
    }
}

/** @param {any} event a control loses focus: what was typed is sent, what the server wrote meanwhile shows */
function leave({ target }) {
  flush();
  // typed and taken back: `.lazy` sends nothing
  if (modelOf(target) && inputOf(target)?.[1] === Infinity) forgetInput(target);
  const write = waiting.get(target);
  // first: when the whole window lost focus the write waits again
  waiting.delete(target);
  write?.();
}

export function listen() {
  for (const type of ["click", "input", "change", "submit", "keydown"]) document.addEventListener(type, dispatch);
  document.addEventListener("focusout", leave);
  addEventListener("pagehide", flush);
}
