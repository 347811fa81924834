// Swaps style sheets in place: the new one is there before the old one goes, so nothing flickers.

/** `style-5f3a.css` is `style.css` with a hash. @param {string} path @param {string} name */
function isNamed(path, name) {
  const file = decodeURIComponent(path.slice(path.lastIndexOf("/") + 1));
  const dot = name.lastIndexOf(".");
  return file === name || (/[-.][\da-f]{6,}\.css$/.test(file) && file.startsWith(name.slice(0, dot)));
}

/** @param {string[]} names of the files that have changed; one that is only imported by others renews all */
export function swap(names) {
  const links = /** @type {HTMLLinkElement[]} */ ([...document.querySelectorAll('link[rel~="stylesheet"][href]')]).filter(
    (link) => new URL(link.href).origin === location.origin,
  );
  const meant = links.filter((link) => names.some((name) => isNamed(new URL(link.href).pathname, name)));
  for (const link of meant.length ? meant : links) {
    const url = new URL(link.href);
    url.searchParams.set("livets", String(Date.now()));
    const next = /** @type {HTMLLinkElement} */ (link.cloneNode());
    next.href = url.href;
    next.onload = () => link.remove();
    next.onerror = () => next.remove();
    link.after(next);
  }
}
