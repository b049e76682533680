/**
 * Sends scans to the server, each under its id until an answer came: a lost answer is asked for again with the same id, and the
 * server gives its first answer. The queue is in memory; a store that survives the page can take its place (`waiting`).
 *
 * @typedef {object} Scan
 * @property {string} scan_id
 * @property {string} scanned_at by this device's clock
 * @property {string} [code]
 * @property {string} [method]
 * @property {string} [undoes]
 * @property {string} [override_reason]
 *
 * @typedef {object} Answer
 * @property {string} scan_id
 * @property {string} verdict
 * @property {string | null} reason
 * @property {string | null} name
 * @property {{scanned_at: string, door: string | null, device: string | null} | null} first_scan
 * @property {{title: string, starts_at: string | null}} [other]
 * @property {string} [opens_at]
 * @property {string} [closed_at]
 * @property {boolean} [overridable]
 * @property {string} [overridden]
 */
import { uuid } from "./setup.js";

const PATIENCE = 6000; // a request that hangs longer must not hold up the next scan (INTEROP D42)
const HEARTBEAT = 30_000;
const BATCH = 100;
const PAUSES = [1000, 2000, 4000, 8000, 15_000];

/** This browser's id as a device, kept where storage allows. */
function deviceId() {
  try {
    const known = localStorage.getItem("door-device") ?? uuid();
    localStorage.setItem("door-device", known);
    return known;
  } catch {
    return uuid();
  }
}

/** A word by which staff tell devices apart. */
function deviceName() {
  return /iPhone|iPad|Android|Windows|Mac|Linux/.exec(navigator.userAgent)?.[0] ?? "";
}

export class Sender {
  /**
   * @param {string} address @param {string} language
   * @param {{
   *   answered: (answer: Answer, scan: Scan) => void,
   *   present: (present: number) => void,
   *   connection: (online: boolean, waiting: number) => void,
   *   ended: () => void,
   * }} told
   */
  constructor(address, language, told) {
    this.address = address;
    this.language = language;
    this.told = told;
    /** @type {Map<string, Scan>} scans without an answer, oldest first */
    this.waiting = new Map();
    this.device = { id: deviceId(), name: deviceName() };
    this.failures = 0;
    this.sending = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    addEventListener("online", () => this.now());
    addEventListener("offline", () => this.failed());
  }

  /** @param {Scan} scan */
  send(scan) {
    this.waiting.set(scan.scan_id, scan);
    void this.now();
  }

  /** @param {number} pause */
  later(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.now(), pause);
  }

  /** Sends what waits; nothing waiting is a heartbeat. One request at a time, so that answers keep their order. */
  async now() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    const scans = [...this.waiting.values()].slice(0, BATCH);
    try {
      const sent_at = new Date().toISOString();
      const queued = this.waiting.size - scans.length;
      const response = await fetch(this.address, {
        method: "POST",
        credentials: "omit",
        headers: { "Content-Type": "application/json", "Accept-Language": this.language },
        body: JSON.stringify({ device: { ...this.device, sent_at, queued }, scans }),
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (response.status === 410 || response.status === 404) return this.told.ended();
      // A captive portal answers 200 with a page of its own: only our JSON is an answer.
      if (!response.ok) throw new Error(`status ${response.status}`);
      /** @type {{present: number, verdicts: Answer[]}} */
      const body = await response.json();
      if (!Array.isArray(body.verdicts)) throw new Error("no verdicts");
      this.failures = 0;
      body.verdicts.forEach((answer, index) => {
        const scan = scans[index];
        if (!scan) return;
        this.waiting.delete(scan.scan_id);
        this.told.answered(answer, scan);
      });
      this.told.present(body.present);
      this.told.connection(true, this.waiting.size);
    } catch {
      this.failed();
      return;
    } finally {
      this.sending = false;
    }
    this.later(this.waiting.size ? 0 : HEARTBEAT);
  }

  failed() {
    this.failures += 1;
    this.told.connection(false, this.waiting.size);
    this.later(PAUSES[Math.min(this.failures, PAUSES.length) - 1] ?? HEARTBEAT);
  }
}
