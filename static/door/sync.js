/**
 * Keeps the phone and the server in step: scans go up, each under its id until an answer came; the list comes down by differences.
 *
 * One tab at a time sends (Web Locks), a request that hangs is cut, a page of a captive portal is no answer, one bad item never
 * blocks the others, and a lost answer is asked for again with the same id (INTEROP D37, D39, D42, D48).
 */
import { setting, uuid } from "./setup.js";

/** @typedef {import("./store.js").Kept} Kept */
/** @typedef {import("./setup.js").Answer} Answer */

const PATIENCE = 8000;
const LIST_PATIENCE = 60_000; // ten thousand people over a slow network
const EVERY = 20_000;
const BATCH = 100;
const AT_ONCE = 2000; // ms after a scan within which its first sending counts as live
const REWRITTEN = 300_000; // ms after which a list without news is written again, so that its age is known at the next start
const PAUSES = [1000, 2000, 4000, 8000];

/** A word by which staff tell devices apart. */
function deviceName() {
  return /iPhone|iPad|Android|Windows|Mac|Linux/.exec(navigator.userAgent)?.[0] ?? "";
}

/** Our server's own refusals of a pass; a proxy before it answers 404 too while the server starts anew. */
const ENDED = new Set(["door_closed", "device_revoked", "link_unknown"]);

/** Ever longer, and never the same for all phones of a hall at once. @param {number} failures */
const pauseAfter = (failures) => (PAUSES[Math.min(failures, PAUSES.length) - 1] ?? EVERY) * (0.75 + Math.random() / 2);

class Refused extends Error {
  /** @param {number} status @param {string} code of our server, empty when somebody else refused */
  constructor(status, code) {
    super(`status ${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

/** Whether our server said that this pass is no more. @param {unknown} error */
const isEnd = (error) => error instanceof Refused && ENDED.has(error.code);

export class Sync {
  /**
   * @param {object} parts
   * @param {import("./setup.js").Setup} parts.setup
   * @param {import("./store.js").Store | import("./memory.js").Memory} parts.store
   * @param {import("./list.js").List} parts.list
   * @param {import("./clock.js").Clock} parts.clock
   * @param {{
   *   answered: (kept: Kept, answer: Answer) => Promise<void> | void,
   *   listed: () => void,
   *   connection: (online: boolean, waiting: number) => void,
   *   ended: () => Promise<void> | void,
   *   unkept: () => void,
   * }} told `unkept`: the storage took no list, which therefore lasts as long as the page
   */
  constructor({ setup, store, list, clock }, told) {
    this.setup = setup;
    this.store = store;
    this.list = list;
    this.clock = clock;
    this.told = told;
    this.online = navigator.onLine;
    this.failures = 0;
    this.running = false;
    this.again = false;
    this.stopped = false;
    this.gone = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    const id = setting("device") ?? uuid();
    setting("device", id);
    this.device = { id, name: deviceName() };
    /** @type {string | null} */
    this.listAt = null;
    /** @type {Promise<void> | null} */
    this.listing = null;
    this.wake = () => {};
    this.keptAt = -Infinity;
    this.keeping = true;
    addEventListener("online", () => void this.now());
    addEventListener("offline", () => void this.failed());
  }

  /** @param {number} pause */
  later(pause) {
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => void this.now(), pause);
  }

  /** Sends what waits and fetches what changed. A call during a run makes another follow; no scan waits for a slow list. */
  async now() {
    if (this.stopped) return;
    if (this.running) {
      this.again = true;
      this.wake();
      return;
    }
    this.running = true;
    clearTimeout(this.timer);
    try {
      do {
        this.again = false;
        await this.alone(() => this.upload());
        this.listing ??= this.fetchList().finally(() => (this.listing = null));
        this.listing.catch(() => undefined); // while a scan goes up nobody waits for it, and the next round tries again
        /** @type {Promise<void>} */
        const called = new Promise((resolve) => (this.wake = resolve));
        if (!this.again) await Promise.race([this.listing, called]);
      } while (this.again && !this.stopped);
      this.failures = 0;
      this.later(EVERY);
      if (this.gone) await this.end();
    } catch (error) {
      if (isEnd(error)) await this.end();
      else await this.failed();
    } finally {
      this.running = false;
    }
  }

  /** Only one tab sends at a time; without Web Locks the server's memory of ids does the rest. @param {() => Promise<void>} work */
  alone(work) {
    return navigator.locks ? navigator.locks.request(`door-${this.setup.door}`, work) : work();
  }

  async failed() {
    this.failures += 1;
    this.online = false;
    this.later(pauseAfter(this.failures));
    this.told.connection(false, await this.store.countWaiting(this.setup.door));
  }

  // --- scans go up ---

  async upload() {
    let batch, left;
    do {
      batch = await this.store.waiting(this.setup.door, BATCH);
      await this.deliver(batch);
      left = batch.length ? await this.store.countWaiting(this.setup.door) : 0;
      this.online = true;
      this.told.connection(true, left);
    } while (left && !this.stopped);
  }

  /** @param {Kept[]} batch none is a heartbeat */
  async deliver(batch) {
    // Sent at once, the server's answer is what the screen will show; later it is told what the screen showed meanwhile.
    const atOnce = (/** @type {Kept} */ kept) => kept.live && kept.tries === 0 && this.clock.ms() - kept.order < AT_ONCE;
    for (const kept of batch) kept.told = !atOnce(kept);
    const scans = batch.map((kept) => ({ ...kept.item, shown: kept.told ? kept.shown : null }));
    for (const kept of batch) kept.tries += 1;
    // A full storage may refuse the note; it holds up no scan on its way out of it.
    if (batch.length) await this.store.keepAll(batch).catch(() => undefined);
    let body;
    try {
      body = await this.ask(this.setup.scans, PATIENCE, {
        device: {
          ...this.device,
          sent_at: this.clock.now().toISOString(),
          queued: Math.max(0, (await this.store.countWaiting(this.setup.door)) - batch.length),
          list_at: this.listAt,
        },
        scans,
      });
    } catch (error) {
      if (!(error instanceof Refused) || !error.code || ![400, 413, 415, 422].includes(error.status) || !batch.length) throw error;
      return this.findBad(batch);
    }
    if (!Array.isArray(body.verdicts) || body.verdicts.length !== batch.length) throw new Error("no verdicts");
    for (const [index, kept] of batch.entries()) await this.told.answered(kept, body.verdicts[index]);
    if (this.list.head && typeof body.present === "number") {
      this.list.head.present = body.present;
      this.list.head.now = body.now;
    }
    return undefined;
  }

  /** The server refused a batch as a whole: halves are tried until the item alone is put aside. @param {Kept[]} batch @returns {Promise<void>} */
  async findBad(batch) {
    const [only] = batch;
    if (batch.length === 1 && only) {
      return this.told.answered(only, { scan_id: only.scan_id, verdict: "refused", reason: "bad_item", name: null });
    }
    const middle = Math.ceil(batch.length / 2);
    await this.deliver(batch.slice(0, middle));
    return this.deliver(batch.slice(middle));
  }

  /** @param {string} address @param {number} patience @param {unknown} [json] @returns {Promise<any>} */
  async ask(address, patience, json) {
    const sent = Date.now();
    const response = await fetch(address, {
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      headers: { "Accept-Language": this.setup.language, ...(json ? { "Content-Type": "application/json" } : {}) },
      ...(json ? { method: "POST", body: JSON.stringify(json) } : {}),
      signal: AbortSignal.timeout(patience),
    });
    // A captive portal or a proxy answers with a page of its own: only our JSON is an answer.
    const ours = response.headers.get("Content-Type")?.startsWith("application/json");
    if (!ours) throw response.ok ? new Error("a page, not an answer") : new Refused(response.status, "");
    const body = await response.json();
    if (!response.ok) throw new Refused(response.status, body?.code ?? "");
    const shift = this.clock.measured(body.now, sent, Date.now());
    // From now on the server is told the right time, so it corrects no scan that was made by the wrong one (D45).
    if (shift) await this.store.shift(this.setup.door, shift).catch(() => undefined);
    return body;
  }

  // --- the list comes down ---

  async fetchList() {
    if (this.gone) return;
    let body = await this.pull(this.list.head?.version);
    if (body && !body.complete && this.list.lacks) body = await this.pull(undefined);
    this.told.listed();
  }

  /** @param {string | undefined} since @returns {Promise<import("./setup.js").Head>} */
  async pull(since) {
    const address = new URL(this.setup.roster, location.href);
    address.searchParams.set("device", this.device.id);
    if (since) address.searchParams.set("since", since);
    const { registrations, removed, ...head } = await this.ask(address.href, since ? PATIENCE : LIST_PATIENCE);
    if (!Array.isArray(registrations) || !head.event || !head.door) throw new Error("no list");
    if (this.stopped) return head; // forgotten meanwhile: nothing may come back
    this.list.take(head, registrations, removed ?? []);
    this.listAt = this.clock.now().toISOString();
    // A difference without news need not be written each time: the version in the store just reaches further back.
    const news = registrations.length || removed?.length || performance.now() - this.keptAt > REWRITTEN;
    if (head.complete || (news && this.keeping)) await this.keep(head, registrations, removed ?? []);
    return head;
  }

  /** @param {import("./setup.js").Head} head @param {import("./setup.js").Person[]} people @param {string[]} removed */
  async keep(head, people, removed) {
    try {
      const whole = await this.store.keepList(this.setup.door, head, people, removed);
      this.keptAt = performance.now();
      this.keeping = true;
      // Another tab, whose pass was renewed, wiped what this is the difference to.
      if (!whole) this.list.head = { ...head, version: "" };
    } catch {
      // What is stored stays true for its time; later differences would leave a hole in it.
      this.keeping = false;
      this.told.unkept();
    }
  }

  // --- the end ---

  /** The pass ended or was revoked. What waits still goes up, to be judged or put aside by the server; then nothing is left. */
  async end() {
    if (!this.gone) {
      this.gone = true;
      await this.told.ended();
    }
    try {
      if (await this.store.countWaiting(this.setup.door)) await this.alone(() => this.upload());
      // What was just answered holds names too.
      await this.store.wipeList(this.setup.door);
      this.stopped = true;
    } catch (error) {
      if (isEnd(error)) this.stopped = true;
      else this.later(pauseAfter(++this.failures));
    }
  }
}
