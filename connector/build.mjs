// Bundles src/ into livets/static: connector.js (msgpack comes down), connector-json.js (for people who debug), and a
// module of its own for each file in src/extras/: those are loaded only by pages that need them. current.json names the hash of the sources (and of this file), so that check.py
// can tell without node whether the committed files are current. check.py computes it too: keep in step.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";

const here = new URL(".", import.meta.url);
const target = new URL("../livets/static/", here);
/** Bytes after gzip -9 for all JavaScript of a default page (D19): connector.js. */
const BUDGET = 6144;
/** In this order names are given out. Any order is right; this one compresses best of some thousand that were tried: node build.mjs --letters SECONDS */
let letters = "trinoesldaDZ_FjhIWyOXKRuLNzJ$HVkqpcwQgBCfUMYvxmSbPTGEA";

const sha256 = (/** @type {any[]} */ ...parts) => {
  const hash = createHash("sha256");
  parts.forEach((part) => hash.update(part));
  return hash.digest("hex");
};
const sources = readdirSync(new URL("src", here), { recursive: true })
  .map((name) => `src/${name}`)
  .filter((name) => name.endsWith(".js"))
  .sort();
const inputs = [...sources, "build.mjs", "package-lock.json"];
const hash = sha256(...inputs.flatMap((name) => [`${name}\0`, readFileSync(new URL(name, here)), "\0"]));

/** terser's way to ask for a name. @type {any} */
const names = {
  /** @param {number} number */
  get(number) {
    let name = "";
    for (; number >= 0; number = Math.floor(number / letters.length) - 1) name += letters[number % letters.length];
    return name;
  },
  reset() {},
  sort() {},
  consider() {},
};

/** The properties that go from one file to another are called the same in both. These names compress best, with the letters above; a new property gets the next that is free. @type {Record<string, string | false>} */
let mangleCache = {"broken_": "r", "classes_": "u", "content_": "t", "data_": "a", "done_": "T", "element_": "c", "end_": "k", "fingerprint_": "p", "frozen_": "f", "node_": "b", "nodes_": "i", "parent_": "o", "parts_": "S", "rows_": "n", "seen_": "m", "shape_": "e", "slot_": "K", "slots_": "I", "step_": "d", "up_": "s", "view_": "q"};
/** @type {Record<string, string>} */
const built = {};

/** @param {string} name of the file @param {string} entry @param {"iife" | "esm"} format @param {boolean} isJson */
async function bundle(name, entry, format, isJson = false) {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(entry, here))],
    bundle: true,
    minify: true,
    format,
    target: "es2022",
    // Our own property names; none of them is the name of a DOM property or of anything on the wire.
    mangleProps: /_$/,
    mangleCache,
    define: { JSON_WIRE: String(isJson) },
    legalComments: "none",
    charset: "utf8",
    tsconfigRaw: "{}",
    write: false,
  });
  mangleCache = result.mangleCache ?? mangleCache;
  const { code = "" } = await minify(result.outputFiles[0].text, {
    ecma: 2020,
    module: format === "esm",
    compress: { passes: 4, pure_getters: true, keep_fargs: false, hoist_props: false, hoist_funs: true, lhs_constants: false, booleans: false },
    mangle: { toplevel: true, nth_identifier: names },
  });
  built[name] = code;
}

// node's own zlib is another one, and a few bytes off
const size = (/** @type {string} */ name) => execFileSync("gzip", ["-9n"], { input: built[name] }).length;

const core = ["connector.js", "connector-json.js"];
await bundle(core[0], "src/main.js", "iife");

if (process.argv[2] === "--letters") {
  const pick = () => Math.floor(Math.random() * letters.length);
  let best = [size(core[0]), letters];
  for (const end = Date.now() + 1000 * Number(process.argv[3]); Date.now() < end; ) {
    const tried = [...best[1]];
    const [one, other] = [pick(), pick()];
    [tried[one], tried[other]] = [tried[other], tried[one]];
    letters = tried.join("");
    await bundle(core[0], "src/main.js", "iife");
    if (size(core[0]) <= best[0]) best = [size(core[0]), letters];
  }
  console.log(...best);
  process.exit();
}

await bundle(core[1], "src/main.js", "iife", true);
for (const source of sources.filter((source) => /^src\/extras\/[^/]*$/.test(source)))
  await bundle(source.slice("src/extras/".length), source, "esm");

for (const name in built) {
  const note = core.includes(name) ? "" : " (an extra: only on pages that need it)";
  console.log(`${name}: ${built[name].length} bytes, ${size(name)} gzip -9${note}`);
}
console.log(`connector.js of ${BUDGET}: ${size("connector.js")}`);
if (size("connector.js") > BUDGET && !process.argv.includes("--over")) {
  console.error("over the budget: not written");
  process.exit(1);
}
for (const name in built) writeFileSync(new URL(name, target), built[name]);
const files = Object.fromEntries(Object.keys(built).map((name) => [name, sha256(built[name])]));
writeFileSync(new URL("current.json", here), JSON.stringify({ sources: hash, files }, null, 2) + "\n");
for (const name of readdirSync(target).filter((name) => name.endsWith(".js") && !(name in built)))
  console.error(`${fileURLToPath(new URL(name, target))} has no source any more: remove it`);
