// What a person sees while an event is on its way: classes for style sheets, and a button that says so and waits.

import { isText } from "./block.js";
import { attribute, member } from "./member.js";
import { page } from "./page.js";

/** What does not fire: a throttled directive until this time, a button as long as it waits. @type {WeakMap<any, any>} */
export const resting = new WeakMap();

/** Events whose result does not show yet, with what shows or takes away that they are on their way. @type {Map<any[], (isBusy: boolean) => void>} */
const busy = new Map();

/**
 * @param {any[] | undefined} event none: it was not sent
 * @param {any} element with the directive
 * @param {any} submitter
 */
export function showBusy(event, element, submitter) {
  if (!event) return;
  const elements = [element, submitter || element];
  const button = elements.find((it) => attribute(it, "ts-disable-with") != null);
  const words = attribute(button, "ts-disable-with");
  // The text stays in its node: a slot may hold that.
  const text = button && [...button.childNodes].find((it) => isText(it) && it.data.trim());
  const holder = text || button;
  const property = text ? "data" : "value";
  const before = holder?.[property];
  const show = (/** @type {boolean} */ isBusy) => {
    for (const it of elements) {
      for (const token of /** @type {string[]} */ (("livets-loading " + (attribute(it, "ts-loading") || "")).match(/\S+/g)))
        member(it, "classList").toggle(token, isBusy);
      // as it was
      it.className || it.removeAttribute("class");
    }
    if (button) {
      // `disabled` would take the focus away: the button says that it waits, and its events go unheard (events.js)
      button.ariaDisabled = isBusy || null;
      resting.set(button, isBusy);
      // unless the server has another text by now
      if (words && holder[property] === (isBusy ? before : words)) holder[property] = isBusy ? words : before;
    }
  };
  show(true);
  busy.set(event, show);
}

/** Before the results show: what they say of the buttons counts. */
export function release() {
  // in order: what has several events on their way stays busy
  for (const [event, show] of busy) {
    const isBusy = event[1] > page.done_;
    show(isBusy);
    if (!isBusy) busy.delete(event);
  }
}
