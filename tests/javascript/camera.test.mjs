/** Codes before the camera. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InView } from "../../static/door/camera.js";

test("D03 two codes in one picture, read in turns, are one scan each until they are gone", () => {
  let now = 0;
  const view = new InView(() => now);
  const fresh = [];
  for (; now < 5000; now += 100) {
    const text = now % 200 ? "Мария" : "Иван";
    if (view.isNew(text)) fresh.push(text);
  }
  assert.deepEqual(fresh, ["Иван", "Мария"]);
  view.forget("Мария");
  assert.equal(view.isNew("Мария"), true);
  now += 2000;
  assert.equal(view.isNew("Иван"), true);
});
