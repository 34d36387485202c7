import assert from "node:assert/strict";
import { test } from "node:test";
import { Points } from "../../../ticker/dashboard/points.js";

const HOUR = 3_600_000;

function points(...all) {
  const made = new Points();
  for (const [time, price] of all) made.add(time, price);
  return made;
}

test("a path runs over the whole box", () => {
  assert.equal(points([0, 10], [5_000, 20], [10_000, 15]).path(100, 20), "M0.0 20.0L50.0 0.0L100.0 10.0");
});

test("a price that does not move, or is alone, is a line in the middle", () => {
  assert.equal(points([0, 10], [5_000, 10]).path(100, 20), "M0.0 10.0L100.0 10.0");
  assert.equal(points([0, 10]).path(100, 20), "M0 10H100");
  assert.equal(points([0, 10], [0, 12]).path(100, 20), "M0 10H100");
  assert.equal(points().path(100, 20), "");
});

test("what comes soon after a point replaces it", () => {
  const made = points([0, 10], [3_000, 11]);
  assert.equal(made.add(3_500, 12), true);
  assert.equal(made.add(4_000, 13), false);
  assert.deepEqual(made.prices, [10, 11, 13]);
});

test("time does not go back", () => {
  const made = points([10_000, 1], [20_000, 2], [15_000, 3]);
  assert.deepEqual(made.times, [10_000, 20_000, 20_000]);
  assert.equal(made.add(30_000, NaN), false);
});

test("bars come before what was seen, and only where that was not", () => {
  const made = points([100_000, 5]);
  made.prepend([[60_000, 3], [90_000, 4], [120_000, 9], [30_000, NaN]]);
  assert.deepEqual(made.prices, [3, 4, 5]);
});

test("it stays small over a day, and in order", () => {
  const made = new Points();
  for (let time = 0; time < 24 * HOUR; time += 1_000) made.add(time, time % 97);
  assert.ok(made.length <= 120, `${made.length}`);
  assert.deepEqual(made.times, [...made.times].sort((a, b) => a - b));
  assert.equal(made.times.length, made.prices.length);
  assert.ok(made.path(100, 20).split("L").length > 20);
});

test("what is older than an hour is not shown", () => {
  const made = points([0, 1_000], [2 * HOUR, 1], [2 * HOUR + 5_000, 2]);
  assert.equal(made.path(100, 20), "M0.0 20.0L100.0 0.0");
});
