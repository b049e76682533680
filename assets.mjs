/**
 * Makes static/vendor/: what browsers get, under names that change with the content, each with .br and .gz beside.
 *
 * Three kinds of source:
 *  1. `base.css`: our font faces and Bootstrap inside the cascade layer `bootstrap` (an @import would cost a round trip);
 *  2. chosen dist files of npm packages, one of them (`ed25519.js`) made of several modules, and the fonts of printed papers
 *     (typst reads no woff2);
 *  3. our own css, js and svg in static/, with their references to each other (module specifiers, `new URL(…, import.meta.url)`,
 *     url() and @import) rewritten to the hashed names, so that all of it may be cached for ever.
 *
 * `manifest.json` holds {"assets": {logical name: path under static/}, "sources": {own file: sha256 of its source}};
 * hubevents/core/assets.py reads it and compares `sources` to see whether an own file was edited since.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join, posix, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const PACKAGES = {
  "chart.js": "chart.js/dist/chart.umd.min.js",
  "htmx.min.js": "htmx.org/dist/htmx.min.js",
  "zxing-reader.js": "zxing-wasm/dist/iife/reader/index.js",
  "zxing-reader.wasm": "zxing-wasm/dist/reader/zxing_reader.wasm",
};

// Modules that name each other, with the door's other files because its service worker keeps those. `ed25519.js` itself is the curve with a
// hash of its own, so that tickets are verified also where the browser has none, which is everywhere but on https.
const ED25519 = {
  "door/ed25519/curve.js": "@noble/ed25519/index.js",
  "door/ed25519/sha2.js": "@noble/hashes/sha2.js",
  "door/ed25519/_md.js": "@noble/hashes/_md.js",
  "door/ed25519/_u64.js": "@noble/hashes/_u64.js",
  "door/ed25519/utils.js": "@noble/hashes/utils.js",
};
const ED25519_ENTRY = `import { hashes, verify } from "./door/ed25519/curve.js";
import { sha512 } from "./door/ed25519/sha2.js";
hashes.sha512 = sha512;
export { verify };
`;

// The unicode ranges are those of the font's own package; Greek is left out, nothing here is written in it.
const LATIN = "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD";
const LATIN_EXT = "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF";
const CYRILLIC = "U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116";
const FONTS = [
  { subset: "cyrillic", style: "normal", range: CYRILLIC },
  { subset: "latin", style: "normal", range: LATIN },
  { subset: "latin-ext", style: "normal", range: LATIN_EXT },
  { subset: "cyrillic", style: "italic", range: CYRILLIC },
  { subset: "latin", style: "italic", range: LATIN },
];

// Papers: the product's face with its Bulgarian forms, a face for names in other scripts, and one of those in which the European
// Union lets its funding statement be set.
const PAPER_FONTS = {
  "paper-fonts/sofia-sans-200.ttf": "@expo-google-fonts/sofia-sans/200ExtraLight/SofiaSans_200ExtraLight.ttf",
  "paper-fonts/sofia-sans-400.ttf": "@expo-google-fonts/sofia-sans/400Regular/SofiaSans_400Regular.ttf",
  "paper-fonts/sofia-sans-600.ttf": "@expo-google-fonts/sofia-sans/600SemiBold/SofiaSans_600SemiBold.ttf",
  "paper-fonts/sofia-sans-800.ttf": "@expo-google-fonts/sofia-sans/800ExtraBold/SofiaSans_800ExtraBold.ttf",
  "paper-fonts/dejavu-sans-400.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
  "paper-fonts/dejavu-sans-700.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
  "paper-fonts/ubuntu-700.ttf": "@expo-google-fonts/ubuntu/700Bold/Ubuntu_700Bold.ttf",
};

const COMPRESSED = new Set([".css", ".js", ".wasm", ".svg", ".json"]);
const OWN = new Set([".css", ".js", ".svg"]);

/** @param {Buffer | string} content */
const digest = (content) => createHash("sha256").update(content).digest("hex");

/** `css/theme.css` -> `css/theme.0123456789.css`. @param {string} name @param {Buffer} content */
export function hashedName(name, content) {
  const extension = extname(name);
  return `${name.slice(0, -extension.length)}.${digest(content).slice(0, 10)}${extension}`;
}

/**
 * The places where one of our own files names another by a relative address.
 * @param {string} name decides between the two grammars
 */
function referencePatterns(name) {
  if (name.endsWith(".svg")) return [];
  return name.endsWith(".css")
    ? [/(url\(\s*["']?)(\.{1,2}\/[^"')\s]+)/g, /(@import\s+["'])(\.{1,2}\/[^"']+)/g]
    : [
        /(\b(?:from|import)\s*\(?\s*["'])(\.{1,2}\/[^"']+)/g,
        /(\bnew URL\(\s*["'])(\.{1,2}\/[^"']+)(?=["']\s*,\s*import\.meta\.url)/g,
      ];
}

/**
 * Rewrites the relative references of one source. A name that `resolve` does not know stops the build: better here than as a 404.
 * @param {string} name logical name, such as "door/door.js"
 * @param {string} source
 * @param {(name: string) => string} resolve logical name -> hashed name
 */
export function rewrite(name, source, resolve) {
  let text = source;
  for (const pattern of referencePatterns(name)) {
    text = text.replace(pattern, (_whole, before, reference) => {
      const hashed = resolve(posix.normalize(posix.join(posix.dirname(name), reference)));
      const path = posix.relative(posix.dirname(name), hashed);
      return before + (path.startsWith(".") ? path : `./${path}`);
    });
  }
  return text;
}

/**
 * Hashed names and rewritten contents of our own files, dependencies first. A cycle is refused: its names would need each other.
 * @param {Map<string, string>} sources logical name -> text
 * @returns {Map<string, {path: string, content: Buffer}>}
 */
export function hashOwn(sources) {
  /** @type {Map<string, {path: string, content: Buffer}>} */
  const done = new Map();
  /** @type {Set<string>} */
  const open = new Set();
  /** @param {string} name @returns {string} */
  const visit = (name) => {
    const known = done.get(name);
    if (known) return known.path;
    const source = sources.get(name);
    if (source === undefined) throw new Error(`${[...open].at(-1)} names ${name}, which is not there`);
    if (open.has(name)) throw new Error(`import cycle: ${[...open, name].join(" -> ")}`);
    open.add(name);
    const content = Buffer.from(rewrite(name, source, visit));
    open.delete(name);
    const path = hashedName(name, content);
    done.set(name, { path, content });
    return path;
  };
  for (const name of sources.keys()) visit(name);
  return done;
}

/** The library that verifies tickets where the browser cannot. @param {string} modules the folder node_modules */
export function ed25519(modules) {
  const files = Object.entries(ED25519).map(([name, file]) => /** @type {[string, string]} */ ([name, readFileSync(join(modules, file), "utf8")]));
  return hashOwn(new Map([...files, ["ed25519.js", ED25519_ENTRY]]));
}

/** Own css, js and svg below static/, logical name -> text. @param {string} folder */
function ownSources(folder) {
  /** @type {Map<string, string>} */
  const sources = new Map();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath ?? entry.path, entry.name);
    const name = relative(folder, file).split(sep).join("/");
    if (entry.isFile() && OWN.has(extname(name)) && !name.startsWith("vendor")) sources.set(name, readFileSync(file, "utf8"));
  }
  return new Map([...sources].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @param {string} root the repository */
export function build(root) {
  const modules = join(root, "node_modules");
  const folder = join(root, "static");
  const target = join(folder, "vendor.new");
  rmSync(target, { recursive: true, force: true });

  /** @type {Record<string, string>} */
  const assets = {};
  /** @param {string} path @param {Buffer} content */
  const write = (path, content) => {
    const file = join(target, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    if (!COMPRESSED.has(extname(path))) return;
    writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }));
    writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  };
  /** @param {string} name @param {Buffer} content */
  const add = (name, content) => {
    const path = hashedName(name, content);
    write(path, content);
    assets[name] = `vendor/${path}`;
    return path;
  };

  const faces = FONTS.map(({ subset, style, range }) => {
    const file = `sofia-sans-${subset}-wght-${style}.woff2`;
    const path = add(`fonts/${file}`, readFileSync(join(modules, "@fontsource-variable/sofia-sans/files", file)));
    return `@font-face{font-family:"Sofia Sans";font-style:${style};font-weight:1 1000;font-display:swap;src:url(${path}) format("woff2");unicode-range:${range}}`;
  });
  const bootstrap = readFileSync(join(modules, "bootstrap/dist/css/bootstrap.min.css"), "utf8")
    .replace(/^@charset [^;]+;/, "")
    .replace(/\/\*# sourceMappingURL=.*?\*\//, "");
  add("base.css", Buffer.from(`@charset "UTF-8";${faces.join("")}\n@layer bootstrap{${bootstrap}}\n`));

  for (const [name, file] of Object.entries(PACKAGES)) {
    const content = readFileSync(join(modules, file));
    add(name, name.endsWith(".js") ? Buffer.from(content.toString("utf8").replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n")) : content);
  }

  for (const [name, file] of Object.entries(PAPER_FONTS)) add(name, readFileSync(join(modules, file)));

  const sources = ownSources(folder);
  for (const [name, { path, content }] of [...ed25519(modules), ...hashOwn(sources)]) {
    write(path, content);
    assets[name] = `vendor/${path}`;
  }

  const manifest = { assets, sources: Object.fromEntries([...sources].map(([name, text]) => [name, digest(text)])) };
  writeFileSync(join(target, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
  const place = join(folder, "vendor");
  rmSync(place, { recursive: true, force: true });
  renameSync(target, place);
  return assets;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = dirname(fileURLToPath(import.meta.url));
  if (!existsSync(join(root, "node_modules"))) {
    console.error("node_modules is missing: run npm ci first");
    process.exit(1);
  }
  const assets = build(root);
  const bytes = Object.values(assets).reduce((sum, path) => sum + statSync(join(root, "static", path)).size, 0);
  console.log(`static/vendor: ${Object.keys(assets).length} files, ${Math.round(bytes / 1024)} kB`);
}
