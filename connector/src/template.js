// A block's HTML becomes a template, parsed once and when it is first needed.

/**
 * A block as the shape describes it: [html, slots, namespace].
 *
 * @typedef {[string, any[], string?]} Shape
 */

/** @typedef {{ content_: DocumentFragment, slots_: Map<Node, number[]> }} Template */

/** @type {WeakMap<Shape, Template>} */
const templates = new WeakMap();

/**
 * HTML as a fragment. Elements of SVG and MathML only come out as such inside their root element.
 *
 * @param {string} html
 * @param {string} [namespace] "svg" or "math"
 */
export function parse(html, namespace) {
  const template = document.createElement("template");
  template.innerHTML = namespace ? `<${namespace}>${html}</${namespace}>` : html;
  const { content } = template;
  if (namespace) content.replaceChildren(.../** @type {Node} */ (content.firstChild).childNodes);
  return content;
}

/**
 * @param {Node} node
 * @param {number[]} path
 * @returns {any} a node of whatever kind the slot needs
 */
export const follow = (node, path) => path.reduce((/** @type {Node} */ at, index) => at.childNodes[index], node);

/** @param {Shape} shape */
export function templateOf(shape) {
  let template = templates.get(shape);
  if (!template) {
    const content = parse(shape[0], shape[2]);
    const slots = new Map();
    shape[1].forEach((slot, index) => {
      const node = follow(content, slot[1]);
      slots.set(node, [...(slots.get(node) || []), index]);
    });
    templates.set(shape, (template = { content_: content, slots_: slots }));
  }
  return template;
}
