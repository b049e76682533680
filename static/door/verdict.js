/**
 * Who may pass a door, answered on the phone: the twin of hubevents/checkin/rules.py, which says what the rules mean. Both give the
 * verdicts of tests/cases/verdicts.json and the folds of tests/cases/presence.json; a change in one needs the other.
 *
 * Moments are RFC 3339 texts and compare as instants, ids are texts, an absent or null key is its default.
 *
 * @typedef {{scanned_at: string, method?: string, direction?: string, session?: string | null, override_reason?: string | null}} Attempt
 * @typedef {{problem?: string | null, event?: string | null, version?: number | null}} Reading
 * @typedef {{starts_at: string, ends_at: string}} Span
 * @typedef {Span & {id: string, title: string, booked?: boolean, cancelled?: boolean}} SessionRules
 * @typedef {{id: string, zone: string, dates: Span[], sessions?: SessionRules[] | null, cancelled?: boolean}} EventRules
 * @typedef {{title: string, starts_at?: string | null, same_series?: boolean}} OtherEvent
 * @typedef {{scanned_at: string, door?: string | null, device?: string | null}} FirstScan
 *
 * @typedef {object} DoorRules
 * @property {string} [role]
 * @property {string[] | null} [sessions] empty is the event's own entrance
 * @property {number} [opens_minutes_before]
 * @property {number} [closes_minutes_after]
 * @property {boolean} [re_entry]
 * @property {number | null} [capacity]
 * @property {string | null} [ends_at]
 * @property {boolean} [revoked]
 *
 * @typedef {object} RegistrationRules
 * @property {string} event
 * @property {string} status
 * @property {number} [version]
 * @property {string | null} [name]
 * @property {string[] | null} [sessions] those it holds a place in
 * @property {boolean} [erased]
 *
 * @typedef {object} Question
 * @property {Attempt} scan
 * @property {DoorRules} door
 * @property {EventRules} event
 * @property {Reading | null} [reading]
 * @property {RegistrationRules | null} [registration] null when nobody was found
 * @property {OtherEvent | null} [other_event]
 * @property {{inside?: boolean, first_scan?: FirstScan | null} | null} [earlier]
 * @property {number} [present]
 * @property {boolean} [offline]
 *
 * @typedef {object} Verdict
 * @property {"admitted" | "left" | "already_in" | "refused"} verdict
 * @property {string} [reason]
 * @property {string} [name]
 * @property {FirstScan} [first_scan]
 * @property {OtherEvent} [other]
 * @property {string} [opens_at]
 * @property {string} [closed_at]
 * @property {true} [overridable]
 * @property {string} [overridden]
 * @property {true} [provisional]
 *
 * @typedef {{scan_id: string, at: string, direction?: string, door?: string | null, device?: string | null}} Passage
 * @typedef {{first: Passage | null, stays: [came: string, left: string | null][], inside: boolean}} Presence
 *
 * @typedef {(question: Question) => Verdict | null} Check
 */

/** @type {ReadonlyMap<string, readonly string[]>} */
const METHODS = new Map([
  ["scan", ["qr", "code"]],
  ["search", ["qr", "code", "search"]],
  ["steward", ["qr", "code", "search", "walk_in"]],
  ["kiosk", ["qr", "code", "kiosk"]],
  ["screen", ["self"]],
]);

/** Whether a door of this role offers this way of recognising somebody. @param {string} role @param {string} method */
export function mayUse(role, method) {
  return METHODS.get(role)?.includes(method) === true;
}

/** Only a steward lets somebody in with a reason. @param {string | undefined} role */
export function mayOverride(role) {
  return role === "steward";
}

/**
 * The verdict on one scan: every question has an answer, and the first fault in the order of the checks names it.
 * @param {Question} question
 * @returns {Verdict}
 */
export function judge(question) {
  for (const check of IDENTITY) {
    const fault = check(question);
    if (fault) return fault;
  }
  const { scan, door } = question;
  const name = question.registration?.name;
  if (scan.direction === "out") {
    return question.earlier?.inside ? verdict("left", { name }) : verdict("refused", { reason: "not_inside", name });
  }
  /** @type {string | undefined} */
  let lifted;
  const steward = mayOverride(door.role) && Boolean(scan.override_reason?.trim());
  for (const check of ENTRY) {
    const fault = check(question);
    if (!fault) continue;
    if (!(fault.overridable && steward)) return name == null ? fault : { ...fault, name };
    lifted ??= fault.reason ?? fault.verdict;
  }
  return verdict("admitted", { name, overridden: lifted, provisional: isProvisional(question) });
}

/** @type {Map<string, Intl.DateTimeFormat>} making one costs more than a verdict */
const calendars = new Map();

/** The day a scan counts for, as 2026-10-14: its date in the event's zone. @param {string | number} moment @param {string} zone */
export function dayOf(moment, zone) {
  let calendar = calendars.get(zone);
  if (!calendar) {
    calendar = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
    calendars.set(zone, calendar);
  }
  const parts = Object.fromEntries(calendar.formatToParts(new Date(moment)).map(({ type, value }) => [type, value]));
  return `${parts.year}-${parts.month}-${parts.day}`;
}

/**
 * @param {Verdict["verdict"]} answer
 * @param {{[key in keyof Verdict]?: Verdict[key] | boolean | null | undefined}} fields what is absent, null or false is left out
 * @returns {Verdict}
 */
function verdict(answer, fields) {
  const said = Object.entries(fields).filter(([, value]) => value != null && value !== false);
  return { verdict: answer, ...Object.fromEntries(said) };
}

/** @param {string} reason @param {Parameters<typeof verdict>[1]} [fields] */
const refused = (reason, fields) => verdict("refused", { reason, ...fields });

/** @param {string} moment milliseconds */
const instant = (moment) => Date.parse(moment);

/** Of two different texts. @param {string} a @param {string} b */
const order = (a, b) => (a < b ? -1 : 1);

/** @type {Check} */
function revoked({ door }) {
  return door.revoked ? refused("quarantined") : null;
}

/** @type {Check} */
function method(question) {
  return mayUse(question.door.role ?? "scan", methodOf(question)) ? null : refused("bad_item");
}

/** @param {Question} question */
function methodOf({ scan }) {
  return scan.method ?? "qr";
}

/** @type {Check} */
function reading(question) {
  const problem = question.reading?.problem;
  // Of something typed, "no such code" helps; "not a ticket of this system" would send the person away.
  if (problem === "not_a_ticket" && methodOf(question) === "code") return refused("unknown");
  return problem ? refused(problem) : null;
}

/** @type {Check} */
function thisEvent({ reading, registration, event, other_event: other }) {
  const meant = reading?.event || event.id;
  if (meant === event.id && (registration?.event ?? meant) === meant) return null;
  return refused(other?.same_series ? "wrong_date" : "wrong_event", { other });
}

/** @type {Check} */
function found(question) {
  if (methodOf(question) === "walk_in") return null;
  if (!question.registration) return isProvisional(question) ? null : refused("unknown");
  return question.registration.erased ? refused("erased") : null;
}

/** A higher version than the row's is a genuine reissue this list has not heard of, so only a lower one is refused. @type {Check} */
function newest({ reading, registration }) {
  const version = reading?.version;
  if (!registration || version == null || version >= (registration.version ?? 1)) return null;
  return refused("replaced", { name: registration.name });
}

/** A genuine ticket for this event, issued after the phone's last sync (D35). @param {Question} question */
function isProvisional({ offline, reading, registration }) {
  const genuine = reading?.event != null;
  return Boolean(offline) && genuine && (!registration || Number(reading.version) > (registration.version ?? 1));
}

/** @type {Check} */
function eventCancelled({ event }) {
  return event.cancelled ? refused("event_cancelled") : null;
}

/** @type {ReadonlyMap<string, string>} */
const STATUS_FAULT = new Map([
  ["cancelled", "cancelled"],
  ["waitlisted", "waitlisted"],
  // An offer not yet taken is still a place in the queue.
  ["offered", "waitlisted"],
  ["declined", "declined"],
  ["expired", "expired"],
]);

/** @type {Check} */
function status({ registration }) {
  if (!registration || registration.status === "confirmed") return null;
  // Pending or a status this page does not know yet: neither is an admission.
  return refused(STATUS_FAULT.get(registration.status) ?? "pending", { overridable: true });
}

/** The session a scan is for: its own, else the only one of a session door. @param {Question} question */
function sessionOf({ scan, door }) {
  return scan.session ?? (door.sessions?.length === 1 ? door.sessions[0] : null);
}

/** @param {Question} question */
function sessionRules(question) {
  const wanted = sessionOf(question);
  return question.event.sessions?.find(({ id }) => id === wanted);
}

/** @type {Check} */
function session(question) {
  const wanted = sessionOf(question);
  const allowed = question.door.sessions ?? [];
  if (wanted == null) return allowed.length ? refused("wrong_session") : null;
  const rules = sessionRules(question);
  return !rules || rules.cancelled || !allowed.includes(wanted) ? refused("wrong_session") : null;
}

/** @type {Check} */
function sessionPlace(question) {
  const { scan, registration, event } = question;
  const rules = sessionRules(question);
  if (!rules?.booked || methodOf(question) === "walk_in") return null;
  // The phone cannot know the places of somebody its list has not heard of.
  if (!registration) return refused("unknown", { overridable: true });
  const places = registration.sessions ?? [];
  if (places.includes(rules.id)) return null;
  const at = instant(scan.scanned_at);
  /** @param {SessionRules} each */
  const distance = (each) => Math.abs(instant(each.starts_at) - at);
  const own = event.sessions?.filter((each) => places.includes(each.id) && !each.cancelled);
  const nearest = own?.sort((a, b) => distance(a) - distance(b) || order(a.id, b.id))[0];
  const other = nearest && { title: nearest.title, starts_at: nearest.starts_at, same_series: true };
  return refused("wrong_session", { overridable: true, other });
}

/** @type {Check} */
function doorEnded({ scan, door }) {
  if (door.ends_at == null || instant(scan.scanned_at) <= instant(door.ends_at)) return null;
  return refused("closed", { closed_at: door.ends_at });
}

const MINUTE = 60_000;

/** @type {Check} */
function hours(question) {
  const { door, event } = question;
  const at = instant(question.scan.scanned_at);
  const rules = sessionRules(question);
  const windows = (rules ? [rules] : event.dates).map((span) => ({
    opens: instant(span.starts_at) - (door.opens_minutes_before ?? 120) * MINUTE,
    closes: instant(span.ends_at) + (door.closes_minutes_after ?? 120) * MINUTE,
  }));
  if (windows.some(({ opens, closes }) => opens <= at && at <= closes)) return null;
  const ended = windows.map(({ closes }) => closes).filter((closes) => closes < at);
  const ahead = windows.map(({ opens }) => opens).filter((opens) => opens > at);
  const last = ended.length ? new Date(Math.max(...ended)).toISOString() : null;
  const coming = ahead.length ? new Date(Math.min(...ahead)).toISOString() : null;
  const overToday = last && dayOf(last, event.zone) === dayOf(at, event.zone);
  if (!coming || overToday) return refused("closed", { overridable: true, closed_at: last, opens_at: coming });
  return refused("not_yet", { overridable: true, opens_at: coming });
}

/** @type {Check} */
function alreadyIn({ earlier, door }) {
  const first_scan = earlier?.first_scan;
  if (earlier?.inside) return verdict("already_in", { first_scan });
  return first_scan && !door.re_entry ? verdict("already_in", { first_scan, overridable: true }) : null;
}

/** @type {Check} */
function full({ door, present }) {
  if (door.capacity == null || (present ?? 0) < door.capacity) return null;
  return refused("full", { overridable: true });
}

/** @type {readonly Check[]} */
const IDENTITY = [revoked, method, reading, thisEvent, found, newest];
/** @type {readonly Check[]} */
const ENTRY = [eventCancelled, status, session, sessionPlace, doorEnded, hours, alreadyIn, full];

/**
 * What the counting scans of one registration at one entrance or session on one day add up to, by time (then id), whatever their order
 * or repetition; scans undone are left out (D06). The last stay ends with null while the person is inside.
 * @param {Iterable<Passage>} passages
 * @param {Iterable<string>} [undone] scan ids
 * @returns {Presence}
 */
export function presence(passages, undone = []) {
  const gone = new Set(undone);
  const unique = new Map([...passages].filter(({ scan_id }) => !gone.has(scan_id)).map((each) => [each.scan_id, each]));
  const ordered = [...unique.values()].sort((a, b) => instant(a.at) - instant(b.at) || order(a.scan_id, b.scan_id));
  /** @type {Passage | null} */
  let first = null;
  /** @type {Presence["stays"]} */
  const stays = [];
  for (const passage of ordered) {
    const out = passage.direction === "out";
    const stay = stays.at(-1);
    if (stay?.[1] === null) {
      // A second entry changes nothing.
      if (out) stay[1] = passage.at;
    } else if (!out) {
      first ??= passage;
      stays.push([passage.at, null]);
    }
  }
  return { first, stays, inside: stays.at(-1)?.[1] === null };
}
