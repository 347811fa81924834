// A form's controls hide its own members: with `<input name="attributes">` in it, `form.attributes` is that input. What
// may be asked of a form is asked by way of the prototype.

/** @param {any} node @param {string} name of a member of all elements; a method has to be called by `call` */
export const member = (node, name) => Reflect.get(Element.prototype, name, node);

/** @param {any} element nullish: it has none @param {string} name @returns {string | undefined} */
export const attribute = (element, name) => element && member(element, "attributes")[name]?.value;
