/**
 * The door's list in memory: who may come, who came, and what this device scanned since. It builds the question for the rulebook.
 */
import { searchKey } from "./search.js";
import { dayOf, judge, presence } from "./verdict.js";

/** @typedef {import("./setup.js").Person} Person */
/** @typedef {import("./setup.js").Head} Head */
/** @typedef {import("./setup.js").Item} Item */
/** @typedef {import("./setup.js").Answer} Answer */
/** @typedef {{scan_id: string, at: string, direction: "in" | "out", door?: string | null, device?: string | null}} Passage */
/** @typedef {{problem?: string, event?: string, registration?: string, version?: number}} Reading */

const SAME = 2000; // ms within which an admission of the server's list is one of our own scans

export class List {
  constructor() {
    /** @type {Head | null} */
    this.head = null;
    /** @type {Map<string, Person>} */
    this.people = new Map();
    /** @type {Map<string, string>} registration by short code */
    this.codes = new Map();
    /** @type {Map<string, Passage[]>} what this device let pass, by scope */
    this.own = new Map();
    /** @type {Set<string>} scans of this device that were taken back */
    this.undone = new Set();
    /** @type {Map<string, string>} scope by scan id */
    this.scopes = new Map();
    /** @type {Map<string, number>} moments of admissions taken back, by registration: an older list may still name them */
    this.takenBack = new Map();
  }

  get ready() {
    return this.head !== null;
  }

  // --- keeping up with the server ---

  /** @param {Head} head @param {Person[]} people @param {string[]} [removed] */
  take(head, people, removed = []) {
    if (head.complete) {
      this.people.clear();
      this.codes.clear();
    }
    this.head = head;
    for (const id of removed) this.people.delete(id);
    for (const person of people) {
      // A ticket issued anew: what was printed under the old one is nobody's code any more (D14).
      const before = this.people.get(person.id)?.code;
      if (before && before !== person.code) this.codes.delete(before);
      person.key ??= searchKey([person.name, person.org, person.mail].filter(Boolean).join(" "));
      this.people.set(person.id, person);
      if (person.code) this.codes.set(person.code, person.id);
    }
  }

  /** Whether somebody left the list without being named: then the whole must be fetched. */
  get lacks() {
    return this.head !== null && this.people.size !== this.head.total;
  }

  forget() {
    this.head = null;
    this.people.clear();
    this.codes.clear();
    this.own.clear();
    this.scopes.clear();
  }

  // --- questions ---

  /** The session a scan is for: the chosen one, else the only one of the door. @param {string | null | undefined} chosen */
  session(chosen) {
    const sessions = this.head?.door.sessions ?? [];
    return chosen ?? (sessions.length === 1 ? (sessions[0] ?? null) : null);
  }

  /** @param {string} registration @param {string | null} session @param {string} day */
  scope(registration, session, day) {
    return `${registration} ${session ?? ""} ${day}`;
  }

  /**
   * What somebody did so far at this entrance or session on that day: the server's list and this device's own scans together.
   * @param {string} registration @param {string | null} session @param {string} moment
   */
  earlier(registration, session, moment) {
    if (!this.head) return { inside: false, first_scan: null };
    const day = dayOf(moment, this.head.event.zone);
    /** @type {Passage[]} */
    const passages = [];
    const own = this.own.get(this.scope(registration, session, day)) ?? [];
    for (const known of this.people.get(registration)?.present ?? []) {
      if (known.day !== day || (known.session ?? null) !== session) continue;
      const back = this.takenBack.get(registration);
      if (back !== undefined && Math.abs(Date.parse(known.at) - back) < SAME) continue;
      passages.push({ scan_id: "", at: known.at, direction: "in", door: known.door ?? null, device: null });
      if (known.out && !known.inside) passages.push({ scan_id: " ", at: known.out, direction: "out" });
    }
    const folded = presence([...passages, ...own], [...this.undone]);
    const first = folded.first;
    return {
      inside: folded.inside,
      first_scan: first ? { scanned_at: first.at, door: first.door ?? null, device: first.device ?? null } : null,
    };
  }

  /**
   * Our own verdict on a scan, from the list as it is; null without a list.
   * @param {Item} item @param {Reading} reading @param {string | null} registration whom the code or the search found
   * @returns {Answer | null}
   */
  judge(item, reading, registration) {
    const head = this.head;
    if (!head) return null;
    const person = registration ? this.people.get(registration) : undefined;
    const session = this.session(item.session);
    const other = (head.others ?? []).find((each) => each.id === reading.event && each.id !== head.event.id);
    const verdict = judge({
      scan: {
        scanned_at: item.scanned_at,
        method: item.walk_in ? "walk_in" : (item.method ?? "qr"),
        direction: item.direction ?? "in",
        session,
        override_reason: item.override_reason ?? null,
      },
      door: head.door,
      event: { ...head.event, sessions: head.sessions ?? [] },
      reading: { problem: reading.problem ?? null, event: reading.event ?? null, version: reading.version ?? null },
      registration: person
        ? { event: head.event.id, status: person.status, version: person.version ?? 1, name: person.name, sessions: person.sessions ?? [] }
        : null,
      other_event: other ?? null,
      earlier: registration ? this.earlier(registration, session, item.scanned_at) : { inside: false, first_scan: null },
      present: this.present(item.scanned_at),
      offline: true,
    });
    /** @type {Answer} */
    const answer = { scan_id: item.scan_id, ...verdict };
    if (person?.as) answer.as = person.as;
    if (person?.org) answer.org = person.org;
    return answer;
  }

  /** People inside now: as the server said, and what this device let pass since. @param {string} moment */
  present(moment) {
    if (!this.head) return 0;
    let change = 0;
    const said = Date.parse(this.head.now);
    const day = dayOf(moment, this.head.event.zone);
    for (const [scope, passages] of this.own) {
      if (!scope.endsWith(day)) continue;
      for (const passage of passages) {
        if (Date.parse(passage.at) > said && !this.undone.has(passage.scan_id)) change += passage.direction === "in" ? 1 : -1;
      }
    }
    return Math.max(0, this.head.present + change);
  }

  // --- this device's own scans ---

  /** Notes that this device let somebody pass. @param {Item} item @param {string} registration */
  passed(item, registration) {
    if (!this.head || this.scopes.has(item.scan_id)) return;
    const scope = this.scope(registration, this.session(item.session), dayOf(item.scanned_at, this.head.event.zone));
    const passages = this.own.get(scope) ?? [];
    passages.push({
      scan_id: item.scan_id,
      at: item.scanned_at,
      direction: item.direction ?? "in",
      door: this.head.door.name ?? null,
      device: null,
    });
    this.own.set(scope, passages);
    this.scopes.set(item.scan_id, scope);
  }

  /** A scan of this device let nobody pass after all, or was taken back. @param {string} scan_id */
  takeBack(scan_id) {
    this.undone.add(scan_id);
    const scope = this.scopes.get(scan_id);
    const passage = scope ? this.own.get(scope)?.find((each) => each.scan_id === scan_id) : undefined;
    if (scope && passage) this.takenBack.set(scope.split(" ")[0] ?? "", Date.parse(passage.at));
  }

  /**
   * A kept scan counts for the memory of this device as its verdict says.
   * @param {import("./store.js").Kept} kept
   */
  remember(kept) {
    const { item, answer } = kept;
    if (item.undoes) return this.takeBack(item.undoes);
    const passes = answer.verdict === "admitted" || answer.verdict === "left";
    // Who has no registration yet counts too.
    if (passes) this.passed(item, kept.registration ?? item.scan_id);
    else if (this.scopes.has(item.scan_id)) this.takeBack(item.scan_id);
    return undefined;
  }
}
