/** The door's clock (INTEROP D45). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../static/door/clock.js";

/** A device whose two clocks are moved by hand. */
function device(wall = 1_000_000) {
  const hands = { wall, stopwatch: 0 };
  const clock = new Clock(0, { wall: () => hands.wall, stopwatch: () => hands.stopwatch });
  const pass = (ms) => {
    hands.wall += ms;
    hands.stopwatch += ms;
  };
  return { hands, clock, pass };
}

test("the server's time at the middle of a request is the truth", () => {
  const { clock } = device(10_000_000);
  clock.measured(new Date(20_000_100).toISOString(), 10_000_000, 10_000_200);
  assert.equal(clock.ms(), 20_000_000);
});

test("a difference below a second is the network's", () => {
  const { clock } = device(10_000_000);
  clock.measured(new Date(10_000_900).toISOString(), 10_000_000, 10_000_000);
  assert.equal(clock.ms(), 10_000_000);
});

test("an answer that took long, came before it was asked for, or says nothing measures nothing", () => {
  const { clock } = device(10_000_000);
  clock.measured(new Date(99_000_000).toISOString(), 10_000_000, 10_011_000);
  clock.measured(new Date(99_000_000).toISOString(), 10_000_500, 10_000_000);
  clock.measured("soon", 10_000_000, 10_000_000);
  clock.measured(undefined, 10_000_000, 10_000_000);
  assert.equal(clock.ms(), 10_000_000);
});

test("a clock set back between two scans changes nothing", () => {
  const { hands, clock, pass } = device(50_000_000);
  pass(1000);
  hands.wall -= 24 * 3600_000;
  pass(500);
  assert.equal(clock.ms(), 50_001_500);
  pass(1000);
  assert.equal(clock.ms(), 50_002_500);
});

test("a phone that slept is not taken for a clock set forward", () => {
  const { hands, clock, pass } = device(50_000_000);
  hands.wall += 3600_000;
  assert.equal(clock.ms(), 53_600_000);
  pass(1000);
  hands.wall -= 10_000;
  assert.equal(clock.ms(), 53_601_000);
});
