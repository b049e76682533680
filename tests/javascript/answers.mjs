/** Answers what Python asks in test_twins.py: one JSON document in, one out. */
import { readFileSync, writeFileSync } from "node:fs";
import { searchKey } from "../../static/door/search.js";
import { importKeys, normaliseCode, understand } from "../../static/door/ticket.js";
import { dayOf, judge, presence } from "../../static/door/verdict.js";

const asked = JSON.parse(readFileSync(0, "utf8"));
const keys = await importKeys(asked.keys, "");
const answers = {
  judge: asked.judge.map(judge),
  presence: asked.presence.map(({ passages, undone }) => presence(passages, undone)),
  dayOf: asked.dayOf.map(([moment, zone]) => dayOf(moment, zone)),
  understand: await Promise.all(asked.understand.map((text) => understand(text, keys))),
  normaliseCode: asked.normaliseCode.map(normaliseCode),
  searchKey: asked.searchKey.map(searchKey),
};
writeFileSync(1, JSON.stringify(answers));
