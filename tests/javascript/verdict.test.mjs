/** The page's rulebook answers as Python's does, and any wrong change of it is noticed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { test } from "node:test";
import * as rules from "../../static/door/verdict.js";
import { asInstants, cases, questions } from "./cases.mjs";
import { mutants } from "./mutants.mjs";

/** Neither a rulebook nor a mutant may change what the next one is asked. */
function frozen(value) {
  if (value && typeof value === "object") Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

const QUESTIONS = frozen(questions());
const { cases: FOLDS, days: DAYS } = frozen(cases("presence"));

/** A fold without what only the server says and without defaults. */
function folded({ first, stays, inside }) {
  const { direction, ...rest } = first ?? {};
  return asInstants({ first: first && (direction === "out" ? first : rest), stays, inside });
}

for (const { name, question, expect } of QUESTIONS) {
  test(`verdict: ${name}`, () => assert.deepEqual(asInstants(rules.judge(question)), expect));
}

for (const { name, passages, undone, expect } of FOLDS) {
  test(`presence: ${name}`, () => assert.deepEqual(folded(rules.presence(passages, undone)), folded(expect)));
}

for (const { moment, zone, day } of DAYS) {
  test(`day: ${moment} in ${zone}`, () => assert.equal(rules.dayOf(moment, zone), day));
}

test("null is the same as absent", () => {
  const nulls = { reading: null, registration: null, other_event: null, earlier: null };
  for (const { name, question, expect } of QUESTIONS) {
    const door = { sessions: null, capacity: null, ends_at: null, ...question.door };
    const scan = { session: null, override_reason: null, ...question.scan };
    assert.deepEqual(asInstants(rules.judge({ ...nulls, ...question, door, scan })), expect, name);
  }
});

test("what each role may", () => {
  const methods = ["qr", "code", "search", "kiosk", "walk_in", "self", "manual", "online"];
  const may = (role) => methods.filter((method) => rules.mayUse(role, method));
  assert.deepEqual(may("scan"), ["qr", "code"]);
  assert.deepEqual(may("search"), ["qr", "code", "search"]);
  assert.deepEqual(may("steward"), ["qr", "code", "search", "walk_in"]);
  assert.deepEqual(may("kiosk"), ["qr", "code", "kiosk"]);
  assert.deepEqual(may("screen"), ["self"]);
  assert.deepEqual(may("constructor"), []);
  assert.deepEqual(["scan", "search", "steward", "kiosk", "screen", undefined].filter(rules.mayOverride), ["steward"]);
});

test("a moment that is none is an answer, no error", () => {
  const { question } = QUESTIONS[0];
  const answer = rules.judge({ ...question, scan: { ...question.scan, scanned_at: "вчера" } });
  assert.deepEqual([answer.verdict, answer.reason], ["refused", "closed"]);
});

test("a verdict takes far less than a frame", () => {
  const started = performance.now();
  for (let round = 0; round < 20; round++) for (const { question } of QUESTIONS) rules.judge(question);
  assert.ok((performance.now() - started) / (20 * QUESTIONS.length) < 1);
});

// --- mutations ---

/** Mutants that give the same answers, with the reason. */
const SAME = new Map([
  ['reading: return refused("unknown"); -> return null;', "what cannot be read names nobody, so `found` gives the same answer"],
  ["IDENTITY: [revoked, method, reading, thisEvent, found, newest] -> [revoked, method, thisEvent, reading, found, newest]", "what cannot be read names no event"],
  ["hours: const ended = windows.map(({ closes }) => closes).filter((closes) => closes < at);: closes < at -> closes <= at", "at the very end the window was open, and no window ends before it opens"],
  ["hours: const ahead = windows.map(({ opens }) => opens).filter((opens) => opens > at);: opens > at -> opens >= at", "as above for its beginning"],
  ["order: a < b -> a <= b", "only different texts are put in order"],
  ["order: 1 -> 2", "of what puts two in order only the sign counts"],
  ["order: 1 -> 2 (2)", "as above"],
  ["order: 1 -> 0 (2)", "sorting keeps the order of two that are told to be equal"],
]);

/** A module's exports from a changed source, and how many formatters it has made. */
function load(source) {
  let made = 0;
  class DateTimeFormat extends Intl.DateTimeFormat {
    constructor(...options) {
      super(...options);
      made++;
    }
  }
  const names = [...source.matchAll(/^export function (\w+)/gm)].map(([, name]) => name);
  const body = `"use strict";${source.replaceAll(/^export /gm, "")}\nreturn { ${names.join(", ")} };`;
  return { ...new Function("Intl", body)({ DateTimeFormat }), made: () => made };
}

function failsACase({ judge, presence, dayOf, made }) {
  return (
    DAYS.some(({ moment, zone, day }) => dayOf(moment, zone) !== day) ||
    QUESTIONS.some(({ question, expect }) => !isDeepStrictEqual(asInstants(judge(question)), expect)) ||
    FOLDS.some(({ passages, undone, expect }) => !isDeepStrictEqual(folded(presence(passages, undone)), folded(expect))) ||
    made() > new Set(DAYS.map(({ zone }) => zone)).size // they cost more than a verdict
  );
}

/** Whether a case fails, or the changed rulebook cannot even answer. */
function isNoticed(source) {
  const changed = load(source);
  try {
    return failsACase(changed);
  } catch {
    return true;
  }
}

test("a mutation of any rule fails a case", () => {
  const source = readFileSync(new URL("../../static/door/verdict.js", import.meta.url), "utf8");
  assert.equal(failsACase(load(source)), false, "the rulebook as it is");
  const all = [...mutants(source)];
  assert.ok(all.length > 400, `${all.length} mutants`);
  const unnoticed = all.filter((mutant) => !isNoticed(mutant.source)).map(({ place }) => place);
  // The list of reasons holds no mutant that a case does notice, or that is gone.
  assert.deepEqual(unnoticed.toSorted(), [...SAME.keys()].toSorted());
});
