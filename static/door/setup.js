/**
 * What the server tells the page, in <script type="application/json" id="setup">, and the shapes that door modules share.
 *
 * @typedef {{title: string, note: string}} VerdictWords
 * @typedef {"scan" | "search" | "steward" | "kiosk"} Role
 *
 * @typedef {object} Setup
 * @property {string} door id of the door
 * @property {Role} role
 * @property {boolean} badges whether a badge may be printed after a scan
 * @property {string} page address of this page, without a language
 * @property {string} roster address of the list
 * @property {string} scans address of the batches
 * @property {string} badge address of a badge, `ID` in place of the registration's id
 * @property {string} worker address of the service worker
 * @property {string} language of the page
 * @property {string} zone IANA name of the event's zone: all times are shown in it
 * @property {string} reader address of the QR decoder
 * @property {string} wasm address of its WebAssembly
 * @property {string} ed25519 address of the signature check for browsers that have none
 * @property {Record<string, string>} words
 * @property {Record<string, VerdictWords>} verdicts words by verdict, and by reason when refused
 *
 * @typedef {object} Present what the server knew of somebody's presence in one scope and day
 * @property {string} day
 * @property {string | null} [session]
 * @property {string} at
 * @property {string | null} [out]
 * @property {boolean} inside
 * @property {string | null} [door]
 *
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string} status
 * @property {number} [version]
 * @property {string} [code]
 * @property {string[]} [sessions]
 * @property {string} [as]
 * @property {string} [org]
 * @property {string} [mail]
 * @property {Present[]} [present]
 * @property {string} [key] searchKey of name, organisation and address
 *
 * @typedef {object} SessionRules
 * @property {string} id
 * @property {string} title
 * @property {string} starts_at
 * @property {string} ends_at
 * @property {boolean} [booked]
 * @property {boolean} [cancelled]
 *
 * @typedef {{title: string, starts_at?: string | null, same_series?: boolean}} OtherEvent
 * @typedef {"no" | "optional" | "required"} Asked
 *
 * @typedef {object} Head everything of a list but the people
 * @property {string} version
 * @property {boolean} complete
 * @property {number} total
 * @property {string} now
 * @property {{id: string, zone: string, dates: {starts_at: string, ends_at: string}[], cancelled?: boolean, title?: string}} event
 * @property {{role: Role, sessions?: string[], opens_minutes_before?: number, closes_minutes_after?: number, re_entry?: boolean, capacity?: number | null, ends_at?: string | null, name?: string}} door
 * @property {SessionRules[]} [sessions]
 * @property {(OtherEvent & {id: string})[]} [others]
 * @property {string[]} keys
 * @property {number} present
 * @property {number} expected
 * @property {{organisation?: Asked, phone?: Asked, position?: Asked}} [asks]
 *
 * @typedef {object} Item one scan as it is sent (DESIGN 6)
 * @property {string} scan_id
 * @property {string} scanned_at
 * @property {string} [code]
 * @property {string} [registration]
 * @property {string} [method]
 * @property {string | null} [session]
 * @property {"in" | "out"} [direction]
 * @property {string} [override_reason]
 * @property {Record<string, unknown>} [walk_in]
 * @property {string} [undoes]
 *
 * @typedef {object} Answer a verdict, the server's or our own
 * @property {string} scan_id
 * @property {string} verdict
 * @property {string | null} [reason]
 * @property {string | null} [name]
 * @property {string} [registration] of somebody registered at the door
 * @property {{scanned_at: string, door?: string | null, device?: string | null} | null} [first_scan]
 * @property {OtherEvent | null} [other]
 * @property {string | null} [opens_at]
 * @property {string | null} [closed_at]
 * @property {boolean} [overridable]
 * @property {string | null} [overridden]
 * @property {boolean} [provisional] a genuine ticket that this phone's list does not know yet
 * @property {string} [as]
 * @property {string} [org]
 * @property {string[]} [missing] fields a walk-in lacks
 * @property {string[]} [national_id] fields in which a national identity number was typed
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

/** A setting of this device, kept where storage allows. @param {string} name @param {string} [value] */
export function setting(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(`door-${name}`, value);
    return localStorage.getItem(`door-${name}`);
  } catch {
    return value ?? null;
  }
}

/** The settings and the name of this device go. */
export function forgetSettings() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("door-")) localStorage.removeItem(key);
  } catch {
    // nothing was kept
  }
}
