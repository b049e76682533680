/**
 * An answer as what the screen says.
 *
 * @typedef {object} Shown
 * @property {import("./signals.js").Tone} tone
 * @property {string} title
 * @property {string} who
 * @property {string[]} notes
 */
import { fill } from "./setup.js";

/** @typedef {import("./setup.js").Answer} Answer */

/** Reasons that a moment or a word can change are amber; the others are red. */
const AMBER = new Set(["not_yet", "waitlisted", "pending", "full", "wrong_session", "waiting"]);

/** @param {Answer} answer @returns {import("./signals.js").Tone} */
export function toneOf(answer) {
  if (answer.verdict === "admitted" || answer.verdict === "left") return "go";
  if (answer.verdict === "already_in" || answer.verdict === "undone") return "wait";
  return AMBER.has(answer.reason ?? "") ? "wait" : "stop";
}

/** Times and days of the event's zone in the page's language. @param {import("./setup.js").Setup} setup */
export function calendar(setup) {
  const bg = setup.language === "bg";
  const language = setup.language === "en" ? "en-GB" : setup.language;
  const zone = { timeZone: setup.zone };
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...zone });
  const days = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", ...zone });
  const weekdays = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", ...zone });
  const year = new Intl.DateTimeFormat("en", { year: "numeric", ...zone });
  /** @param {string | null | undefined} moment */
  const time = (moment) => (moment ? clock.format(new Date(moment)) + (bg ? "\u00a0ч." : "") : "");
  /** @param {string | null | undefined} moment */
  const day = (moment) => (moment ? days.format(new Date(moment)) : "");
  /** @param {string | null | undefined} moment @param {Date} now */
  const date = (moment, now) => {
    if (!moment) return "";
    const at = new Date(moment);
    return year.format(at) === year.format(now) ? weekdays.format(at) : `${days.format(at)} ${year.format(at)}${bg ? "\u00a0г." : ""}`;
  };
  /** With the day when it is not today. @param {string | null | undefined} moment @param {Date} now */
  const dayTime = (moment, now) => (day(moment) === day(now.toISOString()) ? time(moment) : `${day(moment)}, ${time(moment)}`);
  return { time, day, date, dayTime };
}

/**
 * @param {Answer} answer
 * @param {import("./setup.js").Setup} setup
 * @param {Date} now
 * @param {{listAt?: string | null}} [known]
 * @returns {Shown}
 */
export function wording(answer, setup, now, { listAt = null } = {}) {
  const { time, date, dayTime } = calendar(setup);
  const kiosk = setup.role === "kiosk";
  const first = answer.first_scan;
  const key = answer.overridden ? "overridden" : answer.provisional ? "provisional" : (answer.reason ?? answer.verdict);
  const words = setup.verdicts[key] ?? { title: key, note: "" };
  const values = {
    first: answer.name?.split(" ")[0] ?? "",
    time: time(first?.scanned_at ?? now.toISOString()),
    door: first?.door ?? setup.words.this_device ?? "",
    other: answer.other ? [answer.other.title, date(answer.other.starts_at, now)].filter(Boolean).join(", ") : "",
    date: date(answer.other?.starts_at, now),
    opens: dayTime(answer.opens_at, now),
    closed: dayTime(answer.closed_at, now),
    list: dayTime(listAt, now),
  };
  const tone = toneOf(answer);
  const title = fill(words.title, values);
  if (kiosk) return { tone, title, who: "", notes: tone === "go" ? [] : [setup.words.kiosk_help ?? ""] };
  const notes = [];
  const about = [answer.as ? (setup.words[`as_${answer.as}`] ?? "") : "", answer.org ?? ""].filter(Boolean).join(" · ");
  if (about) notes.push(about);
  if (first && answer.verdict === "already_in") {
    const minutes = Math.floor((now.getTime() - new Date(first.scanned_at).getTime()) / 60_000);
    const ago = minutes < 1 ? setup.words.ago_now : setup.words.ago_minutes;
    if (minutes < 600) notes.push(fill(ago ?? "", { n: Math.max(minutes, 0), device: first.device ?? "" }).replace(/[,\s]+$/, ""));
  }
  // A sentence about another event or a time says nothing when that is not known.
  const missing = [...words.note.matchAll(/\{(\w+)\}/g)].some(([, name]) => !Reflect.get(values, name ?? ""));
  const lacks = (answer.missing ?? []).map((name) => setup.words[`field_${name}`] ?? name);
  if (lacks.length) notes.push(fill(setup.words.missing ?? "", { fields: lacks.join(", ") }));
  if (answer.national_id?.length) notes.push(setup.words.national_id ?? "");
  // "ч." and "г." bring a full stop of their own.
  if (words.note && !missing) notes.push(fill(words.note, values).replace(/\.\.$/, "."));
  return { tone, title, who: answer.name ?? "", notes };
}
