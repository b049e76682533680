/** Tickets and codes are read on the page as in Python, by the browser's Ed25519 and by the library alike. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ed25519 } from "../../assets.mjs";
import { importKeys, normaliseCode, shortCode, understand } from "../../static/door/ticket.js";
import { cases } from "./cases.mjs";

const { keys: PUBLIC, texts: TEXTS, codes: CODES } = cases("tickets");
const NOWHERE = "file:///there/is/no/library.js";
const textOf = ({ text, times = 1 }) => text.repeat(times);
const MINE = TEXTS[0];

/** The library as `assets.mjs` ships it. */
const shipped = mkdtempSync(join(tmpdir(), "ed25519-"));
after(() => rmSync(shipped, { recursive: true }));
writeFileSync(join(shipped, "package.json"), '{"type": "module"}');
for (const { path, content } of ed25519(fileURLToPath(new URL("../../node_modules", import.meta.url))).values()) {
  mkdirSync(dirname(join(shipped, path)), { recursive: true });
  writeFileSync(join(shipped, path), content);
}
const LIBRARY = pathToFileURL(join(shipped, ed25519(fileURLToPath(new URL("../../node_modules", import.meta.url))).get("ed25519.js").path)).href;

/** Does something in a browser whose `crypto` is another. */
async function withCrypto(crypto, act) {
  const own = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
  try {
    return await act();
  } finally {
    Object.defineProperty(globalThis, "crypto", own);
  }
}

const old = {
  subtle: {
    importKey: () => Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError")),
    verify: () => assert.fail("asked although it cannot"),
  },
};
const KEYS = {
  "by the browser": await importKeys(PUBLIC, NOWHERE),
  "in an older browser": await withCrypto(old, () => importKeys(PUBLIC, LIBRARY)),
  "where the page is no secure context": await withCrypto({}, () => importKeys(PUBLIC, LIBRARY)),
  "where there is no crypto at all": await withCrypto(undefined, () => importKeys(PUBLIC, LIBRARY)),
};

for (const [where, keys] of Object.entries(KEYS)) {
  test(`every text is understood as Python does, ${where}`, async () => {
    for (const each of TEXTS) assert.deepEqual(await understand(textOf(each), keys), each.expect, each.name);
  });

  test(`one bad text does not harm the next good one, ${where}`, async () => {
    for (const each of TEXTS.filter(({ expect }) => expect.problem)) {
      await understand(textOf(each), keys);
      assert.deepEqual(await understand(MINE.text, keys), MINE.expect, each.name);
    }
  });
}

test("the library also works without crypto while it verifies", async () => {
  await withCrypto(undefined, async () => {
    const keys = await importKeys(PUBLIC, LIBRARY);
    assert.deepEqual(await understand(MINE.text, keys), MINE.expect);
  });
});

test("every typed code is read as Python does", () => {
  for (const { name, typed, code } of CODES) assert.equal(normaliseCode(typed), code, `${name}: ${typed}`);
});

test("a code is shown in two groups", () => {
  assert.equal(shortCode("7K3M9QXA"), "7K3M-9QXA");
  assert.equal(normaliseCode(shortCode(CODES[0].code)), CODES[0].code);
});

test("without keys every ticket is forged, and the library is not fetched", async () => {
  const none = await importKeys([], NOWHERE);
  assert.deepEqual(await understand(MINE.text, none), { problem: "forged" });
});

test("a ticket of a key taken out of use is forged", async () => {
  assert.deepEqual(await understand(MINE.text, await importKeys(PUBLIC.slice(1), NOWHERE)), { problem: "forged" });
});

test("what is no key is said at once", async () => {
  for (const bad of ["", "AAAA", "не е ключ", `${PUBLIC[0]}AAAA`]) await assert.rejects(importKeys([bad], LIBRARY), bad);
});

test("where neither browser nor library can verify, that is said", async () => {
  await assert.rejects(withCrypto({}, () => importKeys(PUBLIC, NOWHERE)));
});

test("a repeated scan is not verified again", async () => {
  const keys = await importKeys(PUBLIC, NOWHERE);
  let asked = 0;
  const { verify } = keys;
  keys.verify = (...values) => (asked++, verify(...values));
  const both = await Promise.all([understand(MINE.text, keys), understand(`]Q1${MINE.text}\n`, keys)]);
  assert.deepEqual([both, asked], [[MINE.expect, MINE.expect], 1]);
  const forged = TEXTS.find(({ name }) => name === "signed again by a stranger");
  for (let time = 0; time < 3; time++) assert.deepEqual(await understand(forged.text, keys), forged.expect);
  assert.equal(asked, 2);
});

test("only the last tickets are remembered, and those seen again longest", async () => {
  const keys = { verify: async () => false, seen: new Map() };
  const text = (number) => String(number).padStart(193, "0");
  for (let number = 0; number < 500; number++) await understand(text(number), keys);
  await understand(text(0), keys);
  await understand(text(500), keys);
  assert.deepEqual([keys.seen.size, keys.seen.has(text(0)), keys.seen.has(text(1)), keys.seen.has(text(500))], [500, true, false, true]);
});

test("foreign texts are quick, however long", async () => {
  const started = performance.now();
  for (const each of TEXTS.filter(({ case: number }) => number === "D17")) await understand(textOf(each).repeat(50), KEYS["by the browser"]);
  assert.ok(performance.now() - started < 2000);
});
