/**
 * What stands in for the store where the browser refuses storage: it lasts as long as the page, so the door says so and takes no scan
 * without a connection (INTEROP D46).
 *
 * @typedef {import("./store.js").Kept} Kept
 */
import { shifted } from "./store.js";

export class Memory {
  constructor() {
    /** @type {Map<string, Kept>} */
    this.scans = new Map();
    /** @type {Map<string, unknown>} */
    this.values = new Map();
  }

  /** @param {string} key @returns {Promise<any>} */
  async get(key) {
    return this.values.get(key);
  }

  /** @param {string} key @param {unknown} value */
  async set(key, value) {
    this.values.set(key, value);
  }

  async list() {
    return null;
  }

  async keepList() {
    return true;
  }

  /** @param {Kept} kept */
  async keep(kept) {
    this.scans.set(kept.scan_id, kept);
  }

  /** @param {string} scan_id */
  async drop(scan_id) {
    this.scans.delete(scan_id);
  }

  /** @param {Kept[]} many */
  async keepAll(many) {
    for (const kept of many) this.scans.set(kept.scan_id, kept);
  }

  /** @param {string} _door @param {number} most */
  async waiting(_door, most) {
    return [...this.scans.values()].filter((kept) => kept.waiting).slice(0, most);
  }

  /** @param {string} door @param {number} ms */
  async shift(door, ms) {
    await this.keepAll((await this.waiting(door, Infinity)).map((kept) => shifted(kept, ms)));
  }

  async countWaiting() {
    return [...this.scans.values()].filter((kept) => kept.waiting).length;
  }

  async scansSince() {
    return [...this.scans.values()];
  }

  async ended() {
    return [];
  }

  async wipeList() {}

  async wipe() {
    this.scans.clear();
  }
}
