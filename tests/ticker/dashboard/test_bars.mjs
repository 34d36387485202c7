import assert from "node:assert/strict";
import { test } from "node:test";
import { Bars } from "../../../ticker/dashboard/bars.js";

const bar = (minute, close = "1") => ({ start: new Date(minute * 60_000).toISOString(), close });
const filled = (...minutes) => {
  const bars = new Bars();
  for (const minute of minutes) bars.take(bar(minute));
  return bars;
};
const minutes = (bars) => bars.list.map(({ startMs }) => startMs / 60_000);

test("bars stand by their start, whenever they came", () => {
  assert.deepEqual(minutes(filled(3, 1, 2, 5, 4)), [1, 2, 3, 4, 5]);
});

test("a bar that is known is put right, not added", () => {
  const bars = filled(1, 2);
  bars.take(bar(1, "7"));
  assert.deepEqual(bars.list.map(({ close }) => close), ["7", "1"]);
  assert.equal(bars.last.startMs, 120_000);
});

test("what has changed is told once, from the oldest change on", () => {
  const bars = filled(1, 2, 4);
  assert.equal(bars.takeChanged(), 0);
  assert.equal(bars.takeChanged(), 3);
  bars.take(bar(4, "2"));
  bars.take(bar(5));
  assert.equal(bars.takeChanged(), 2);
  bars.take(bar(3));
  assert.equal(bars.takeChanged(), 2);
});

test("a page that stays open does not grow, and draws anew where the oldest went", () => {
  const bars = filled(...Array(1_200).keys());
  bars.takeChanged();
  bars.take(bar(1_200));
  assert.equal(bars.list.length, 900);
  assert.equal(bars.last.startMs, 1_200 * 60_000);
  assert.equal(bars.takeChanged(), 0);
});

test("without bars there is no last one", () => {
  assert.equal(new Bars().last, null);
});
