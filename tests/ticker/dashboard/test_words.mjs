import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, counted, duration, reasonWords, stands, stateDetail } from "../../../ticker/dashboard/words.js";

const NOW = Date.parse("2026-08-09T21:05:48Z");

test("an age is said in its largest unit", () => {
  for (const [ms, expected] of [
    [-200, "<1 s"],
    [NaN, "<1 s"],
    [999, "<1 s"],
    [1_000, "1 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [7_200_000, "2 h"],
    [86_400_000 * 3.5, "3 d"],
  ])
    assert.equal(duration(ms), expected, String(ms));
});

test("a time that is not of this day has its date", () => {
  const [near, far] = ["2026-08-09T21:00:00Z", "2026-08-01T21:00:00Z"].map((time) => clock(time, NOW));
  assert.match(near, /^\d\d:\d\d:\d\d$/);
  assert.match(far, /Aug.* \d\d:\d\d:\d\d$/);
});

test("what is old says since when and why", () => {
  const status = { state: "stale", reason: "feed_disconnected", since: "2026-08-09T21:00:00Z" };
  assert.equal(stateDetail(status, NOW), `since ${clock(status.since, NOW)} · feed disconnected`);
  assert.equal(stateDetail({ ...status, reason: null }, NOW), `since ${clock(status.since, NOW)}`);
  assert.equal(stateDetail({ ...status, state: "unknown", reason: "starting" }, NOW), "· starting");
});

test("what stands needs no more words", () => {
  for (const state of ["live", "quiet"]) {
    assert.ok(stands(state));
    assert.equal(stateDetail({ state, reason: null, since: "2026-08-09T21:00:00Z" }, NOW), "");
  }
  assert.equal(stateDetail(null, NOW), "");
  assert.equal(reasonWords(null), "");
});

test("one is not many", () => {
  assert.deepEqual([0, 1, 2].map((number) => counted(number, "feed")), ["0 feeds", "1 feed", "2 feeds"]);
});
