/** The cases of tests/cases/, which Python reads too. */
import { readFileSync } from "node:fs";

/** @param {string} name */
export function cases(name) {
  return JSON.parse(readFileSync(new URL(`../cases/${name}.json`, import.meta.url), "utf8"));
}

/** RFC 7396. */
export function merged(target, patch) {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  const result = target !== null && typeof target === "object" && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

/** Moments are written in one way, so that equal instants are equal. */
export function asInstants(value) {
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value).toISOString() : value;
  if (Array.isArray(value)) return value.map(asInstants);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asInstants(each)]));
}

/** The questions of verdicts.json with the verdicts they must get. */
export function questions() {
  const book = cases("verdicts");
  return book.cases.map(({ name, given, expect }) => ({ name, question: merged(book.base, given), expect: asInstants(expect) }));
}
