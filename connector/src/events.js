// Directives: one listener a DOM event type, on the document. `ts-on:click.prevent="save(1)"`, `ts-model.lazy="name"`.

import { inputs, keyOf } from "./controls.js";
import { parseHandler } from "./handler.js";
import { mend } from "./lazy.js";
import { CONTROLS, isToggle, modelOf } from "./nodes.js";
import { push } from "./outbox.js";
import { root } from "./page.js";

/** All that is not the name of a key. */
const KNOWN = /^(prevent|stop|once|debounce|throttle|\d+m?s)$/;

/** Debounced sends, by directive; in order. @type {Map<Attr, () => void>} */
const pending = new Map();
/** Timers of debounced sends; when a throttled directive may fire again. @type {WeakMap<Attr, number>} */
const times = new WeakMap();

/** What was typed before goes before. */
function flush() {
  for (const [directive, send] of pending) {
    clearTimeout(times.get(directive));
    send();
  }
  pending.clear();
}

/** Send now or later, as the directive's modifiers say. @param {Attr} directive @param {() => void} send */
function schedule(directive, send) {
  const { name } = directive;
  const [, digits = 0.3, milli] = /\.(\d+)(m?)s/.exec(name) || [];
  const wait = +digits * (milli ? 1 : 1000);
  if (/\.debounce/.test(name)) {
    clearTimeout(times.get(directive));
    pending.delete(directive);
    pending.set(directive, send);
    times.set(directive, setTimeout(flush, wait));
    return;
  }
  const now = Date.now();
  if (now < /** @type {number} */ (times.get(directive))) return;
  // `.once` is a throttle for ever
  times.set(directive, now + (/\.once/.test(name) ? Infinity : /\.throttle/.test(name) ? wait : 0));
  flush();
  send();
}

/** A control's value as an event's field. @param {any} control */
const valueOf = (control) =>
  control.type === "checkbox"
    ? control.checked
    : control.multiple && control.options
      ? Array.from(control.selectedOptions, (option) => option.value)
      : control.value;

/** What a person expects of the event. @param {any} event @param {Element} element with the directive */
function payloadOf({ type, key, target, submitter }, element) {
  /** @type {Record<string, any>} */
  const payload = {};
  const control = target.closest(CONTROLS);
  const form = type === "submit" ? target : element;
  if (control && (control.value || !/click|submit/.test(type))) {
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
  if (type === "input") inputs.set(keyOf(target), [0, Infinity]);
  if (model && type === (isToggle(target) || target.options || /\.lazy/.test(model.name) ? "change" : "input")) {
    const value = valueOf(target);
    schedule(model, () => push("", [], {}, { [model.value]: value }));
  }
  let stop;
  for (let element = target; root.contains(element) && !stop; element = element.parentElement)
    for (const directive of element.attributes) {
      const [name, ...modifiers] = directive.name.split(".");
      const keys = modifiers.filter((/** @type {string} */ word) => !KNOWN.test(word));
      if (
        name !== "ts-on:" + type ||
        (key && keys[0] && (event.isComposing || !keys.includes(key.toLowerCase()))) ||
        // a new tab is a new tab
        (type === "click" && (event.ctrlKey || event.metaKey || event.shiftKey) && element.closest("a[href]"))
      )
        continue;
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
  mend?.leave_(target);
}

export function listen() {
  for (const type of ["click", "input", "change", "submit", "keydown"]) document.addEventListener(type, dispatch);
  document.addEventListener("focusout", leave);
  addEventListener("pagehide", flush);
}
