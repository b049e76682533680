/** The phone's list: what it knows of the server's presences and of its own scans. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { List } from "../../static/door/list.js";

const head = (more = {}) => ({
  version: "1", complete: true, total: 2, now: "2026-10-14T07:00:00.000Z", keys: [], present: 3, expected: 9,
  event: { id: "7", zone: "Europe/Sofia", dates: [{ starts_at: "2026-10-14T10:00:00+03:00", ends_at: "2026-10-14T17:00:00+03:00" }] },
  door: { role: "search", name: "Вход А" },
  others: [{ id: "8", title: "Семинар", starts_at: "2026-11-02T10:00:00+02:00" }],
  ...more,
});
const people = () => [
  { id: "1", name: "Мария Желязкова", status: "confirmed", version: 1, code: "7K3M9QXA", org: "Община", mail: "maria@example.org" },
  { id: "2", name: "Иван Желев", status: "waitlisted" },
];
const AT = "2026-10-14T07:12:00.000Z";
const item = (id, more = {}) => ({ scan_id: id, scanned_at: AT, direction: "in", method: "qr", ...more });
const kept = (scan, verdict, registration = "1") => ({ item: scan, answer: { scan_id: scan.scan_id, verdict }, registration });

function list(more) {
  const made = new List();
  made.take(head(more), people());
  return made;
}

test("a difference replaces whole people, removes others and keeps the rest", () => {
  const made = list();
  made.take(head({ complete: false, total: 2 }), [{ id: "1", name: "Мария Петрова", status: "cancelled" }]);
  assert.equal(made.people.get("1").name, "Мария Петрова");
  assert.equal(made.people.size, 2);
  assert.equal(made.lacks, false);
  made.take(head({ complete: false, total: 1 }), []);
  assert.equal(made.lacks, true);
  made.take(head({ complete: false, total: 1 }), [], ["2"]);
  assert.equal(made.lacks, false);
});

test("without a list there is no verdict", () => {
  assert.equal(new List().judge(item("a"), { event: "7", version: 1 }, "1"), null);
});

test("the second scan of this phone is already in, also after its memory was built anew from the store", () => {
  const made = list();
  const first = item("a");
  assert.equal(made.judge(first, { event: "7", version: 1 }, "1").verdict, "admitted");
  made.remember(kept(first, "admitted"));
  assert.equal(made.judge(item("b"), { event: "7", version: 1 }, "1").verdict, "already_in");
  const again = list();
  again.remember(kept(first, "admitted"));
  const second = again.judge(item("b"), { event: "7", version: 1 }, "1");
  assert.deepEqual([second.verdict, second.first_scan.door, second.org], ["already_in", "Вход А", "Община"]);
});

test("another door's admission comes with the list", () => {
  const made = list();
  made.take(head({ complete: false }), [
    { ...people()[0], present: [{ day: "2026-10-14", session: null, at: "2026-10-14T06:55:00.000Z", out: null, inside: true, door: "Вход Б" }] },
  ]);
  const answer = made.judge(item("b"), { event: "7", version: 1 }, "1");
  assert.deepEqual([answer.verdict, answer.first_scan.door], ["already_in", "Вход Б"]);
  // It was another day, another session: nothing said.
  assert.equal(made.judge(item("c", { scanned_at: "2026-10-13T07:12:00.000Z" }), { event: "7", version: 1 }, "1").reason, "not_yet");
});

test("an undo holds although an older list still names the admission", () => {
  const made = list();
  const first = item("a");
  made.remember(kept(first, "admitted"));
  made.remember({ item: { scan_id: "u", scanned_at: AT, undoes: "a" }, answer: { verdict: "undone" }, registration: "1" });
  assert.equal(made.judge(item("b"), { event: "7", version: 1 }, "1").verdict, "admitted");
  made.take(head({ complete: false }), [
    { ...people()[0], present: [{ day: "2026-10-14", session: null, at: AT, out: null, inside: true, door: "Вход А" }] },
  ]);
  assert.equal(made.judge(item("b"), { event: "7", version: 1 }, "1").verdict, "admitted");
});

test("the server's refusal in time takes our admission back", () => {
  const made = list();
  const first = item("a");
  made.remember(kept(first, "admitted"));
  made.remember({ ...kept(first, "refused") });
  assert.equal(made.earlier("1", null, AT).inside, false);
});

test("the counter moves with what this phone let pass since the server counted", () => {
  const made = list();
  assert.equal(made.present(AT), 3);
  made.remember(kept(item("a"), "admitted"));
  assert.equal(made.present(AT), 4);
  made.remember(kept(item("o", { direction: "out", scanned_at: "2026-10-14T07:20:00.000Z" }), "left"));
  assert.equal(made.present(AT), 3);
});

test("a ticket of another event is named", () => {
  const answer = list().judge(item("a"), { event: "8", registration: "5", version: 1 }, null);
  assert.deepEqual([answer.reason, answer.other.title], ["wrong_event", "Семинар"]);
});

test("a ticket newer than the list is provisional, and this phone remembers it", () => {
  const made = list();
  const first = item("a");
  const answer = made.judge(first, { event: "7", registration: "99", version: 1 }, "99");
  assert.deepEqual([answer.verdict, answer.provisional], ["admitted", true]);
  made.remember(kept(first, "admitted", "99"));
  assert.equal(made.judge(item("b"), { event: "7", registration: "99", version: 1 }, "99").verdict, "already_in");
});

test("D14 a code of before is nobody's once the ticket was issued anew", () => {
  const made = list();
  made.take(head({ complete: false }), [{ ...people()[0], version: 2, code: "9QXA7K3M" }]);
  assert.equal(made.codes.get("7K3M9QXA"), undefined);
  assert.equal(made.codes.get("9QXA7K3M"), "1");
});

test("somebody registered at the door counts before the server has heard of them", () => {
  const made = list();
  made.remember(kept(item("w", { walk_in: {} }), "admitted", null));
  assert.equal(made.present(AT), 4);
});
