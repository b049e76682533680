/**
 * What the server tells the page, in <script type="application/json" id="setup">.
 *
 * @typedef {{title: string, note: string}} VerdictWords
 * @typedef {object} Setup
 * @property {string} scans address of the batches
 * @property {string} language of the page
 * @property {string} zone IANA name of the event's zone: all times are shown in it
 * @property {boolean} overrides whether this door lets in with a reason
 * @property {string} reader address of the QR decoder
 * @property {string} wasm address of its WebAssembly
 * @property {Record<string, string>} words
 * @property {Record<string, VerdictWords>} verdicts words by verdict, and by reason when refused
 */

/** @returns {Setup} */
export function readSetup() {
  return JSON.parse(document.getElementById("setup")?.textContent ?? "{}");
}

/**
 * A part of the page that its template promises.
 * @template {HTMLElement} T
 * @param {string} id @param {{new (): T}} kind @returns {T}
 */
export function part(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page lacks #${id}`);
  return found;
}

/** `{name}` replaced by its value. @param {string} text @param {Record<string, string | number>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** A random UUID, also where the page is no secure context and crypto.randomUUID is missing. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
