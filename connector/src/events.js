// Directives: one listener a DOM event type, on the document. `ts-on:click.prevent="save(1)"`, `ts-model.lazy="name"`.

import { CONTROLS, inputs, isToggle, keyOf, leave, modelOf } from "./controls.js";
import { push } from "./outbox.js";
import { root } from "./page.js";

/** All that is not the name of a key. */
const KNOWN = /^(prevent|stop|once|debounce|throttle|\d+m?s)$/;

/** Debounced sends, by directive; in order. @type {Map<Attr, () => void>} */
const pending = new Map();
/** When a throttled directive may fire again. @type {WeakMap<Attr, number>} */
const times = new WeakMap();

/** What was typed before goes before. */
function flush() {
  for (const send of pending.values()) send();
  pending.clear();
}

/** Send now or later, as the directive's modifiers say. @param {Attr} directive @param {() => void} send */
function schedule(directive, send) {
  const { name } = directive;
  const [, digits = 0.3, milli] = /\.(\d+)(m?)s/.exec(name) || [];
  const wait = +digits * (milli ? 1 : 1000);
  if (/\.debounce/.test(name)) {
    pending.delete(directive);
    pending.set(directive, send);
    setTimeout(() => pending.get(directive) === send && flush(), wait);
  } else if (!(Date.now() < /** @type {number} */ (times.get(directive)))) {
    // `.once` is a throttle for ever
    times.set(directive, Date.now() + (/\.once/.test(name) ? Infinity : /\.throttle/.test(name) ? wait : 0));
    flush();
    send();
  }
}

/** A control's value as an event has it. @param {any} control */
const valueOf = ({ type, selectedOptions, value }) =>
  type === "select-multiple" ? Array.from(selectedOptions, (option) => option.value) : value;

/** What a person expects of the event. @param {any} event @param {Element} element with the directive */
function payloadOf({ type, key, target, submitter }, element) {
  /** @type {Record<string, any>} */
  const payload = {};
  const control = target.closest(CONTROLS);
  const form = type === "submit" ? target : element;
  if (control && (control.value || !/click|submit/.test(type))) {
    payload.value = valueOf(control);
    if (isToggle(control)) payload.checked = control.checked;
  }
  if (key) payload.key = key;
  // pairs of name and value; files do not travel over the socket
  if (form instanceof HTMLFormElement) payload.form = [...new FormData(form, submitter)];
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
    const value = target.type === "checkbox" ? target.checked : valueOf(target);
    schedule(model, () => push("", {}, { [model.value]: value }));
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
      // as the template has it, `add(1, 'x')`: the server reads it
      const { value } = directive;
      const payload = payloadOf(event, element);
      schedule(directive, () => push(value, payload));
    }
}

export function listen() {
  for (const type of ["click", "input", "change", "submit", "keydown"]) document.addEventListener(type, dispatch);
  // what was typed is sent before what the server wrote meanwhile shows
  document.addEventListener("focusout", ({ target }) => {
    flush();
    leave(/** @type {Element} */ (target));
  });
  addEventListener("pagehide", flush);
}
