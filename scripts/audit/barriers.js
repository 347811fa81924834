// What scripts/audit/barriers.py runs in a page, with axe-core already there.
window.livetsAudit = {
  /** What axe-core finds; `tags`: its rules of these only. @param {string[] | null} tags */
  async axe(tags) {
    // a page without a background of its own stands on the browser's, which axe takes for white
    document.documentElement.style.background = "Canvas";
    // where the visitor's own colours are forced on a page, its contrasts are not the page's
    const rules = { "target-size": { enabled: true }, "color-contrast": { enabled: !matchMedia("(forced-colors: active)").matches } };
    const found = await axe.run(document, { ...(tags ? { runOnly: tags } : {}), rules, elementRef: true, resultTypes: ["violations", "incomplete"] });
    const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message)[0];
    const told = (kind) => (rule) => rule.nodes.map((node) => `${kind} ${rule.id}: ${rule.help}: ${node.target.join(" ")}: ${why(node)}`);
    // axe sees no background in SVG (tests/e2e/studio/test_looks.py measures there), nor letters in a lone sign
    const canTell = (node) => !node.element?.closest("svg") && !/non-text/.test(why(node));
    const unsure = found.incomplete
      .filter((rule) => rule.id === "color-contrast")
      .map((rule) => ({ ...rule, nodes: rule.nodes.filter(canTell) }));
    return [...found.violations.flatMap(told("axe")), ...unsure.flatMap(told("unsure"))];
  },

  /** Elements that show no outline when they have the focus. */
  hiddenFocus() {
    const focused = document.activeElement;
    const found = [];
    const places = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex='0']";
    for (const element of document.querySelectorAll(places)) {
      element.blur();
      element.focus({ focusVisible: true, preventScroll: true });
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
      if (element.getClientRects()[0] && element.matches(":focus") && !isSeen) found.push("focus is not seen: " + element.outerHTML.slice(0, 90));
    }
    focused?.focus?.({ preventScroll: true });
    return found;
  },
};
