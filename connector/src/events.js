// Directives: one listener a DOM event type, on the document. `ts-on:click.prevent="save(1)"`, `ts-model.lazy="name"`.

import { waiting } from "./attribute.js";
import { parseHandler } from "./handler.js";
import { CONTROLS, isToggle, lastSent, modelOf, valueOf } from "./inputs.js";
import { push } from "./outbox.js";
import { root } from "./page.js";

const TYPES = ["click", "input", "change", "submit", "keydown"];
const DEFAULT_MS = 300;
/** Modifiers that are not names of keys. */
const KNOWN = /^(prevent|stop|once|debounce|throttle|\d+m?s)$/;

/** Debounced sends, by directive; in order. @type {Map<Attr, { timer_: number, send_: () => void }>} */
const pending = new Map();
/** When a throttled directive may fire again; `.once` is a throttle for ever. @type {WeakMap<Attr, number>} */
const resting = new WeakMap();

/** What was typed before goes before. */
function flush() {
  for (const [directive, { timer_, send_ }] of pending) {
    clearTimeout(timer_);
    pending.delete(directive);
    send_();
  }
}

/** Send now or later, as the directive's modifiers say. @param {Attr} directive @param {() => void} send */
function schedule(directive, send) {
  const modifiers = directive.name.split(".");
  const time = modifiers.find((word) => /^\d+m?s$/.test(word));
  const wait = time ? parseFloat(time) * (time.endsWith("ms") ? 1 : 1000) : DEFAULT_MS;
  const now = Date.now();
  if (now < /** @type {number} */ (resting.get(directive))) return;
  resting.set(directive, modifiers.includes("once") ? Infinity : modifiers.includes("throttle") ? now + wait : 0);
  if (modifiers.includes("debounce")) {
    clearTimeout(pending.get(directive)?.timer_);
    pending.delete(directive);
    pending.set(directive, { send_: send, timer_: setTimeout(flush, wait) });
  } else {
    flush();
    send();
  }
}

/** What a person expects of the event. @param {any} event @param {Element} element with the directive */
function payloadOf(event, element) {
  /** @type {Record<string, any>} */
  const payload = {};
  const control = event.target.closest(CONTROLS);
  const form = event.type === "submit" ? event.target : element;
  if (event.type !== "submit" && control && (control.value || event.type !== "click")) {
    payload.value = control.multiple ? valueOf(control) : control.value;
    if (isToggle(control)) payload.checked = control.checked;
  }
  if (event.key) payload.key = event.key;
  if (form instanceof HTMLFormElement) {
    const data = new FormData(form, event.submitter);
    payload.form = {};
    for (const name of new Set(data.keys())) {
      // files do not travel over the socket
      const values = data.getAll(name).filter((value) => typeof value === "string");
      payload.form[name] = values[1] === undefined ? values[0] ?? "" : values;
    }
  }
  return payload;
}

/** @param {any} event */
function bind({ type, target }) {
  const directive = modelOf(target);
  if (!directive) return;
  const field = directive.value;
  const isLate = isToggle(target) || target.options || /\.lazy\b/.test(directive.name);
  if (type === "input") lastSent.set(field, [0, Infinity]);
  if (type === (isLate ? "change" : "input")) {
    const fields = { [field]: valueOf(target) };
    schedule(directive, () => push("", [], {}, fields));
  }
}

/** @param {any} event */
function dispatch(event) {
  const { type, target, key, isComposing } = event;
  if (!root.contains(target)) return;
  if (type === "submit") flush();
  bind(event);
  for (let element = target; element && element !== root.parentElement; element = element.parentElement) {
    let stop = false;
    for (const directive of element.attributes) {
      const [name, ...modifiers] = directive.name.split(".");
      if (name !== `ts-on:${type}`) continue;
      const keys = modifiers.filter((/** @type {string} */ word) => !KNOWN.test(word));
      if (keys[0] && key && (isComposing || !keys.includes(key.toLowerCase()))) continue;
      // a new tab is a new tab
      if (type === "click" && (event.ctrlKey || event.metaKey || event.shiftKey) && element.closest("a[href]")) continue;
      if (type === "submit" || modifiers.includes("prevent")) event.preventDefault();
      stop ||= modifiers.includes("stop");
      const [handler, args] = parseHandler(directive.value);
      const payload = payloadOf(event, element);
      schedule(directive, () => push(handler, args, payload, {}));
    }
    if (stop) return;
  }
}

/** @param {any} event a control loses focus: what was typed is sent, what the server wrote meanwhile shows */
function leave({ target }) {
  flush();
  const field = modelOf(target)?.value || "";
  // typed and taken back: `.lazy` sends nothing
  if (lastSent.get(field)?.[1] === Infinity) lastSent.delete(field);
  waiting.get(target)?.();
  waiting.delete(target);
}

export function listen() {
  for (const type of TYPES) document.addEventListener(type, dispatch);
  document.addEventListener("focusout", leave);
}
