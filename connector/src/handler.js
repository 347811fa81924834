// The text of a directive: `name` or `name(1, 'x', true)`, JSON literals with either kind of quotes. Never evaluated.

/**
 * @param {string} source
 * @returns {[string, any[]]} handler and arguments
 */
export function parseHandler(source) {
  const [, name, args = ""] = /** @type {string[]} */ (/^\s*([^\s(]+)\s*(?:\((.*)\)\s*)?$/s.exec(source));
  const json = args.replace(
    /(["'])((\\.|(?!\1).)*)\1/gs,
    (_, __, text) =>
      `"${text.replace(/\\.|"/g, (/** @type {string} */ c) => (c === '"' ? '\\"' : c === "\\'" ? "'" : c))}"`,
  );
  return [name, JSON.parse(`[${json}]`)];
}
