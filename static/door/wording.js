/**
 * An answer of the server as what the screen says.
 *
 * @typedef {object} Shown
 * @property {import("./signals.js").Tone} tone
 * @property {string} title
 * @property {string} who
 * @property {string[]} notes
 */
import { fill } from "./setup.js";

/** Reasons that a moment or a word can change are amber; the others are red. */
const AMBER = new Set(["not_yet", "waitlisted", "pending", "full", "wrong_session", "waiting"]);

/** @param {import("./sender.js").Answer} answer @returns {import("./signals.js").Tone} */
function toneOf(answer) {
  if (answer.verdict === "admitted" || answer.verdict === "left") return "go";
  if (answer.verdict === "already_in" || answer.verdict === "undone") return "wait";
  return AMBER.has(answer.reason ?? "") ? "wait" : "stop";
}

/**
 * @param {import("./sender.js").Answer} answer
 * @param {import("./setup.js").Setup} setup
 * @param {Date} now
 * @returns {Shown}
 */
export function wording(answer, setup, now) {
  const clock = new Intl.DateTimeFormat("bg", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: setup.zone });
  const language = setup.language === "en" ? "en-GB" : setup.language;
  const calendar = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", timeZone: setup.zone });
  const weekday = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", timeZone: setup.zone });
  const year = new Intl.DateTimeFormat("en", { year: "numeric", timeZone: setup.zone });
  const bg = setup.language === "bg";
  /** @param {string | null | undefined} moment */
  const time = (moment) => (moment ? clock.format(new Date(moment)).replace(/\s*ч\.?$/, "") + (bg ? "\u00a0ч." : "") : "");
  /** @param {string | null | undefined} moment */
  const day = (moment) => (moment ? calendar.format(new Date(moment)) : "");
  /** @param {string | null | undefined} moment */
  const date = (moment) => {
    if (!moment) return "";
    const at = new Date(moment);
    return year.format(at) === year.format(now) ? weekday.format(at) : `${calendar.format(at)} ${year.format(at)}${bg ? "\u00a0г." : ""}`;
  };
  /** @param {string | undefined} moment with the day when it is not today */
  const dayTime = (moment) => (day(moment) === day(now.toISOString()) ? time(moment) : `${day(moment)}, ${time(moment)}`);

  const first = answer.first_scan;
  const words = (answer.overridden ? setup.verdicts.overridden : setup.verdicts[answer.reason ?? answer.verdict]) ?? {
    title: answer.reason ?? answer.verdict,
    note: "",
  };
  const values = {
    first: answer.name?.split(" ")[0] ?? "",
    time: time(first?.scanned_at ?? now.toISOString()),
    door: first?.door ?? setup.words.this_device ?? "",
    other: answer.other ? [answer.other.title, date(answer.other.starts_at)].filter(Boolean).join(", ") : "",
    date: date(answer.other?.starts_at),
    opens: dayTime(answer.opens_at),
    closed: dayTime(answer.closed_at),
  };
  const notes = [];
  // A sentence about another event or a time says nothing when that is not known.
  const missing = [...words.note.matchAll(/\{(\w+)\}/g)].some(([, name]) => !Reflect.get(values, name ?? ""));
  if (first) {
    const minutes = Math.floor((now.getTime() - new Date(first.scanned_at).getTime()) / 60_000);
    const ago = minutes < 1 ? setup.words.ago_now : setup.words.ago_minutes;
    if (minutes < 600) notes.push(fill(ago ?? "", { n: minutes, device: first.device ?? "" }).replace(/[,\s]+$/, ""));
  }
  if (words.note && !missing) notes.push(fill(words.note, values));
  return { tone: toneOf(answer), title: fill(words.title, values), who: answer.name ?? "", notes };
}
