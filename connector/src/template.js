// A block's HTML becomes a template, parsed once and when it is first needed.

import { listenFor } from "./events.js";

/**
 * A block as the shape describes it: [html, slots, namespace]. The template is kept with it.
 *
 * @typedef {[string, any[], string?] & { content_?: DocumentFragment }} Shape
 */

/**
 * HTML as a fragment. Elements of SVG and MathML only come out as such inside their root element.
 *
 * @param {string} html
 * @param {string} [wrapper] element to parse it in
 */
export function parse(html, wrapper) {
  listenFor(html);
  const template = document.createElement("template");
  template.innerHTML = wrapper ? `<${wrapper}>${html}</${wrapper}>` : html;
  const { content } = template;
  if (wrapper) content.replaceChildren(.../** @type {Node} */ (content.firstChild).childNodes);
  return content;
}

/** The shape's template; its nodes know the slots that write to them (`slots_`). @param {Shape} shape */
export function templateOf(shape) {
  if (!shape.content_) {
    const content = (shape.content_ = parse(shape[0], shape[2]));
    shape[1].forEach(([, path], index) => {
      const node = path.reduce((/** @type {Node} */ node, /** @type {number} */ step) => node.childNodes[step], content);
      (node.slots_ ||= []).push(index);
      // filled when it is made, and never looked at again
      shape[1][index].frozen_ = node.parentElement?.closest("[ts-ignore]");
    });
  }
  return shape.content_;
}
