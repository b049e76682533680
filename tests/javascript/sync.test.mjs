/** The queue on its way to the server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../static/door/clock.js";
import { Memory } from "../../static/door/memory.js";
import { List } from "../../static/door/list.js";
import { Sync } from "../../static/door/sync.js";

globalThis.addEventListener ??= () => {};
globalThis.navigator ??= { onLine: true, userAgent: "" };
globalThis.location ??= { href: "https://hub.example/door/PASS/" };

const json = (body, status = 200) => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

/** A phone whose clock is `ahead` ms ahead, with so many scans that wait. */
async function phone(count, ahead, answer) {
  const store = new Memory();
  const wall = Date.now;
  const clock = new Clock(0, { wall: () => wall() + ahead, stopwatch: () => performance.now() });
  for (let number = 0; number < count; number += 1) {
    const scan_id = `scan-${number}`;
    const at = clock.ms() - 60_000 + number;
    const item = { scan_id, scanned_at: new Date(at).toISOString(), code: "1" };
    await store.keep({ scan_id, door: "5", waiting: 1, order: at, item, shown: "admitted", live: false, tries: 0, told: false, registration: null, answer: {} });
  }
  const said = [];
  const setup = { door: "5", roster: "/door/PASS/roster", scans: "/door/PASS/scans", language: "bg" };
  const told = {
    answered: (kept, got) => store.keep({ ...kept, waiting: 0, answer: got }),
    listed() {}, ended() {}, unkept() {},
    connection: (online, waiting) => said.push([online, waiting]),
  };
  const sync = new Sync({ setup, store, list: new List(), clock }, told);
  globalThis.fetch = async (address, { body }) => answer(JSON.parse(body));
  return { sync, store, said, async run() {
    Date.now = () => wall() + ahead;
    try {
      await sync.upload();
    } finally {
      Date.now = wall;
    }
  } };
}

test("D45 a long queue made by a wrong clock is corrected to its last scan, and its draining is seen", async () => {
  const hours = 3 * 3600_000;
  const real = Date.now();
  const times = [];
  const { run, said } = await phone(250, hours, ({ device, scans }) => {
    // As the server does: what the device's clock is off by is taken from its scans.
    const off = Date.parse(device.sent_at) - real;
    times.push(...scans.map((scan) => Date.parse(scan.scanned_at) - (Math.abs(off) > 5000 ? off : 0)));
    const verdicts = scans.map(({ scan_id }) => ({ scan_id, verdict: "admitted" }));
    return json({ now: new Date(real).toISOString(), present: 1, verdicts });
  });
  await run();
  assert.equal(times.length, 250);
  for (const at of times) assert.ok(Math.abs(at - (real - 60_000)) < 5000, new Date(at).toISOString());
  assert.deepEqual(said, [[true, 150], [true, 50], [true, 0]]);
});

test("D39 only our server's word that a batch is bad puts scans aside", async () => {
  const proxy = await phone(2, 0, () => new Response("Bad Request", { status: 400 }));
  await assert.rejects(proxy.run());
  assert.equal(await proxy.store.countWaiting(), 2);
  const ours = await phone(2, 0, ({ scans }) => (scans.length ? json({ status: 400, code: "json" }, 400) : json({ verdicts: [] })));
  await ours.run();
  assert.equal(await ours.store.countWaiting(), 0);
});
