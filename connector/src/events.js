// Directives: `ts-on:click.prevent="save(1)"`, `ts-model.lazy="name"`. Listeners are on window and document, for the
// types of event that the page's HTML speaks of; an event then looks for directives on its way.

import { CONTROLS, inputs, isToggle, keyOf, leave, modelOf, modelValue, valueOf } from "./controls.js";
import { resting, showBusy } from "./feedback.js";
import { attribute, member } from "./member.js";
import { push } from "./outbox.js";
import { root } from "./page.js";
import { MODIFIERS } from "./protocol.js";

/** The event need not come from inside the element. */
const GLOBAL = /\.(window|document|outside)/;

/** Selectors of elements with global directives; it begins with one that fits nothing. @type {Set<string>} */
const globals = new Set(["_"]);

/** Hear what HTML (or a shape) has directives for. @param {string} source */
export function listenFor(source) {
  for (const [name, type] of source.matchAll(/ts-on:([\w:-]+)[^\s=>/"'\\]*/g)) {
    if (GLOBAL.test(name)) globals.add(`[${CSS.escape(name)}]`);
    const passive = /\.passive/.test(name);
    // one that may prevent something counts for all; else a browser ignores a listener that it has
    if (!passive) {
      document.removeEventListener(type, dispatch, true);
      removeEventListener(type, dispatch);
    }
    // What does not bubble is heard on its way down, and from the document: Chromium sends no mouseenter for a listener
    // on the window.
    document.addEventListener(type, dispatch, { passive, capture: true });
    addEventListener(type, dispatch, { passive });
  }
}

/** Debounced sends, by directive; in order. @type {Map<Attr, () => void>} */
const pending = new Map();

/** What was typed before goes before. */
export function flush() {
  for (const send of pending.values()) send();
  pending.clear();
}

/** Send now or later, as the directive's modifiers say. @param {Attr} directive @param {() => void} send */
function schedule(directive, send) {
  const { name } = directive;
  const [, digits = 0.3, milli] = /\.(\d+)(m?)s/.exec(name) || [];
  const wait = /** @type {any} */ (digits) * (milli ? 1 : 1000);
  if (/\.debounce/.test(name)) {
    pending.delete(directive);
    pending.set(directive, send);
    setTimeout(() => pending.get(directive) === send && flush(), wait);
  } else if (!(Date.now() < resting.get(directive))) {
    // `.once` is a throttle for ever
    resting.set(directive, Date.now() + (/\.once/.test(name) ? Infinity : /\.throttle/.test(name) ? wait : 0));
    flush();
    send();
  }
}

/** What a person expects of the event, and what the element says. @param {any} event @param {any} element with the directive */
function payloadOf({ type, key, target, submitter }, element) {
  /** JSON leaves out what is undefined. @type {Record<string, any>} */
  const payload = { key };
  const control = target instanceof Element && member(target, "closest").call(target, CONTROLS);
  const form = type === "submit" ? target : element;
  if (control && (control.value || !/click|submit/.test(type))) {
    payload.value = valueOf(control);
    if (isToggle(control)) payload.checked = control.checked;
  }
  // pairs of name and value; files do not travel over the socket
  if (form.submit) payload.form = [...new FormData(form, submitter)];
  for (const { name, value } of member(element, "attributes"))
    if (/^(data-|ts-value:)/.test(name)) payload[name] = value;
  return payload;
}

/** If a control was changed: tell the field it is bound to. @param {string} type @param {any} control */
function update(type, control) {
  const model = modelOf(control);
  // what was typed is newer than all that the server has heard of
  if (type === "input") inputs.set(keyOf(control), [0, Infinity]);
  if (model && type === (isToggle(control) || control.options || /\.lazy/.test(model.name) ? "change" : "input")) {
    const value = modelValue(control);
    schedule(model, () => push("", {}, { [model.value]: value }));
  }
}

/**
 * Is this what the directive waits for?
 *
 * @param {any} event @param {boolean} isDown on its way to its target @param {Element} element @param {string} name
 */
function fits(event, isDown, element, name) {
  const { type, target, key } = event;
  const [head, ...words] = name.split(".");
  // the rest names keys
  const keys = words.filter((word) => !MODIFIERS.test(word));
  return (
    head === "ts-on:" + type &&
    isDown === (/\.capture/.test(name) || !(event.bubbles || target === window)) &&
    (event.composedPath().includes(element)
      ? !/\.outside/.test(name) && (element === target || (!/\.self/.test(name) && (event.bubbles || /\.capture/.test(name))))
      : GLOBAL.test(name) && (!/\.outside/.test(name) || element.getClientRects()[0])) &&
    // ctrl, shift, alt, meta
    !words.some((word) => event[word + "Key"] === false) &&
    !(key && keys[0] && (event.isComposing || !keys.includes(key.toLowerCase().replace("arrow", "").replace(" ", "space")))) &&
    // a new tab is a new tab
    !(type === "click" && (event.ctrlKey || event.metaKey || event.shiftKey) && member(element, "closest").call(element, "a[href]"))
  );
}

/** @param {any} event @param {any} element @param {Attr} directive */
function obey(event, element, directive) {
  const { type, submitter } = event;
  const { name, value } = directive;
  if (type === "submit" || /\.prevent/.test(name)) event.preventDefault();
  const question = attribute(element, "ts-confirm") || attribute(submitter, "ts-confirm");
  if (resting.get(submitter || element) || (question && !confirm(question))) return event.preventDefault();
  if (/\.stop/.test(name)) event.stopPropagation();
  const payload = payloadOf(event, element);
  // as the template has it, `add(1, 'x')`: the server reads it
  schedule(directive, () => showBusy(push(value, payload), element, submitter));
}

/** @param {any} event */
function dispatch(event) {
  // on its way to its target
  const isDown = event.currentTarget === document;
  const inside = event.composedPath().filter((/** @type {any} */ it) => it instanceof Element && root.contains(it));
  if (isDown) inside.reverse();
  else if (inside[0]) update(event.type, inside[0]);
  for (const element of new Set([...inside, ...root.querySelectorAll(/** @type {any} */ ([...globals]))])) {
    for (const directive of member(element, "attributes"))
      if (fits(event, isDown, element, directive.name)) obey(event, element, directive);
    if (event.cancelBubble) break;
  }
}

/** What was typed is sent before what the server wrote meanwhile shows. @param {any} event */
export function blur({ target }) {
  flush();
  leave(target);
}
