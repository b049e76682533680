/**
 * What a text at the door is: the twin of hubevents/registrations/tickets.py, which describes the signed number and the short code. Both
 * answer tests/cases/tickets.json; a change in one needs the other.
 *
 * @typedef {{event: string, registration: string, version: number}} Ticket
 * @typedef {{code: string}} ShortCode a well-formed code; whether it is anybody's is a look-up
 * @typedef {{problem: "not_a_ticket" | "forged"}} Problem
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 *
 * @typedef {object} Keys
 * @property {(signature: Bytes, message: Bytes) => Promise<boolean>} verify whether one of the keys signed this
 * @property {Map<string, Promise<Ticket | Problem>>} seen the last tickets read, oldest first: people show theirs more than once
 */

// --- the keys ---

/**
 * The public keys a roster brings, ready to verify. Browsers without Ed25519, and pages that are no secure context, take the library at
 * `fallbackUrl`, which is fetched only then. Fails with what is no key, and where neither can be had.
 * @param {readonly string[]} publicKeys 32 bytes each, base64url
 * @param {string} fallbackUrl
 * @returns {Promise<Keys>}
 */
export async function importKeys(publicKeys, fallbackUrl) {
  const raw = publicKeys.map(keyBytes);
  const verify = (await byBrowser(raw)) ?? (await byLibrary(raw, fallbackUrl));
  return { verify, seen: new Map() };
}

/** @param {string} text @returns {Bytes} */
function keyBytes(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  if (bytes.length !== 32) throw new TypeError("a public key has 32 bytes");
  return bytes;
}

/** @param {Bytes[]} raw @returns {Promise<Keys["verify"] | null>} */
async function byBrowser(raw) {
  /** @type {SubtleCrypto | undefined} */
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return null;
  try {
    const keys = await Promise.all(raw.map((key) => subtle.importKey("raw", key, "Ed25519", false, ["verify"])));
    return async (signature, message) => {
      const verdicts = await Promise.all(keys.map((key) => subtle.verify("Ed25519", key, signature, message)));
      return verdicts.includes(true);
    };
  } catch {
    return null;
  }
}

/** @param {Bytes[]} raw @param {string} address @returns {Promise<Keys["verify"]>} */
async function byLibrary(raw, address) {
  /** @type {{verify: (signature: Bytes, message: Bytes, key: Bytes, options: {zip215: boolean}) => boolean}} */
  const { verify } = await import(address);
  // The stricter reading of the standard, which is also Python's.
  const strict = { zip215: false };
  // Its first use makes tables, which takes a phone most of a second: now, and not when the first guest waits.
  for (const key of raw.slice(0, 1)) verify(new Uint8Array([...key, 9, ...new Uint8Array(31)]), PURPOSE, key, strict);
  return async (signature, message) => raw.some((key) => verify(signature, message, key, strict));
}

// --- the signed number ---

const DIGITS = 193;
const PURPOSE = new TextEncoder().encode("hubevents ticket\0");
const BODY = 16;
const PAYLOAD = BODY + 64;
const LONGEST = 4 * DIGITS + 64;
const REMEMBERED = 500;
const SPACE = /[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060\ufeff]+/g;
// An AIM identifier such as ]Q1 stands before each symbol and ends in a digit of its own.
const SYMBOLOGY = /\][A-Za-z][0-9A-Za-z]/g;
const AFFIX = 8;

/**
 * A ticket, else a short code, else why it is neither; whatever the text holds (D16, D17).
 * @param {string} text @param {Keys} keys
 * @returns {Promise<Ticket | ShortCode | Problem>}
 */
export async function understand(text, keys) {
  const digits = theDigits(text);
  if (digits) return remembered(digits, keys);
  const code = normaliseCode(text);
  return code ? { code } : { problem: "not_a_ticket" };
}

/** @param {string} digits @param {Keys} keys */
function remembered(digits, keys) {
  const found = keys.seen.get(digits) ?? read(digits, keys);
  keys.seen.delete(digits);
  keys.seen.set(digits, found);
  for (const oldest of keys.seen.keys()) {
    if (keys.seen.size <= REMEMBERED) break;
    keys.seen.delete(oldest);
  }
  return found;
}

/** @param {string} digits @param {Keys} keys @returns {Promise<Ticket | Problem>} */
async function read(digits, keys) {
  const hex = BigInt(digits).toString(16).padStart(2 * PAYLOAD, "0");
  if (hex.length > 2 * PAYLOAD) return { problem: "forged" };
  const payload = Uint8Array.from({ length: PAYLOAD }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
  const message = new Uint8Array([...PURPOSE, ...payload.subarray(0, BODY)]);
  if (!(await keys.verify(payload.slice(BODY), message))) return { problem: "forged" };
  if (payload[0] !== 1) return { problem: "not_a_ticket" };
  /** @param {number} from @param {number} to of the body's bytes; the longest are six, which a number holds exactly */
  const number = (from, to) => Number.parseInt(hex.slice(2 * from, 2 * to), 16);
  return { event: String(number(1, 7)), registration: String(number(7, 13)), version: number(13, 16) };
}

/** The 193 digits that all runs of digits in the text repeat. @param {string} text */
function theDigits(text) {
  if (lengthOf(text) > LONGEST) return null;
  const plain = text.replace(SPACE, "").replace(SYMBOLOGY, "");
  /** @type {string[]} */
  const copies = [];
  for (const [run] of plain.matchAll(/[0-9]+/g)) {
    if (run.length % DIGITS) return null;
    for (let start = 0; start < run.length; start += DIGITS) copies.push(run.slice(start, start + DIGITS));
  }
  const foreign = lengthOf(plain) - DIGITS * copies.length;
  if (new Set(copies).size !== 1 || foreign > AFFIX * (copies.length + 1)) return null;
  return copies[0];
}

/** Characters as Python counts them. @param {string} text */
function lengthOf(text) {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

// --- the short code ---

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 8;
const SEPARATORS = /[\s\x1c-\x1f\x85\-_.·\u00ad\u2010-\u2015\u2212\u200b-\u200f\u2060\ufeff]+/g;
/** @param {string} typed @param {string} meant @returns {[string, string][]} */
const pairs = (typed, meant) => [...typed].map((char, at) => [char, meant.charAt(at)]);
const EITHER = [
  ...pairs("OILU", "011V"),
  // Cyrillic letters that mean the same however one came to type them.
  ...pairs("АЕКМОТБГДФЙЛИЍІПЖШЯЦЪЗЬЅЈ", "AEKM0TBGDFJ1111PVWQCYZXSJ"),
];
// The rest differ: read off the ticket by their look, or struck on the phonetic Bulgarian layout where N gives Н and W gives В, or said
// aloud. The check character tells which was meant.
const READINGS = ["BHPCYX", "WNRSVH", "VNRSVH"].map((meant) => new Map([...EITHER, ...pairs("ВНРСУХ", meant)]));

/** The short code as people see it: two groups of four with a dash. @param {string} code */
export function shortCode(code) {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/**
 * The eight characters meant by what somebody typed, or null when the check character denies it. Case, spaces, dashes, look-alike and
 * Cyrillic letters are forgiven; a single wrong character or two swapped ones never are.
 * @param {string} text
 */
export function normaliseCode(text) {
  if (lengthOf(text) > 64) return null;
  const typed = [...text.normalize("NFKC").toUpperCase().replace(SEPARATORS, "")];
  if (typed.length !== LENGTH) return null;
  for (const reading of READINGS) {
    const code = typed.map((char) => reading.get(char) ?? char);
    const values = code.map((char) => ALPHABET.indexOf(char));
    if (!values.includes(-1) && remainder(values.slice(0, -1)) === values.at(-1)) return code.join("");
  }
  return null;
}

/** The check value in GF(32): every place weighs another power of 2, so no single error or swap hides. @param {number[]} values */
function remainder(values) {
  let check = 0;
  for (const value of values) {
    check = (check ^ value) << 1;
    if (check & 32) check ^= 0b100101;
  }
  return check;
}
