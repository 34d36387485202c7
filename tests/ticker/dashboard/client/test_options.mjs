import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, most } from "../../../../ticker/dashboard/client/options.js";

const rate = (one, other, channel = "quotes") =>
  most({ maxRate: one, fields: null }, { maxRate: other, fields: null }, channel).maxRate;

test("the faster of two rates counts; none is every update, but of the ticker ten a second", () => {
  assert.equal(rate(4, 10), 10);
  assert.equal(rate(4, null), null);
  assert.equal(rate(4, undefined), null);
  assert.equal(rate(undefined, undefined), undefined);
  assert.equal(rate(4, undefined, "ticker"), 10);
  assert.equal(rate(20, undefined, "ticker"), 20);
  assert.equal(rate(null, undefined, "ticker"), null);
});

test("all fields that one of them wants are asked for", () => {
  const fields = (one, other) => most({ fields: one }, { fields: other }, "quotes").fields;
  assert.deepEqual(fields(["bid"], ["ask", "bid"]), ["ask", "bid"]);
  assert.equal(fields(["bid"], null), null);
});

test("a request says what differs from the usual, and no rate for what is never thinned", () => {
  assert.deepEqual(asked({ maxRate: undefined, fields: null }, "quotes", null), {});
  assert.deepEqual(asked({ maxRate: null, fields: ["bid"] }, "quotes", null), { max_rate: null, fields: ["bid"] });
  for (const channel of ["trades", "status"]) assert.deepEqual(asked({ maxRate: 4, fields: null }, channel, 1), {});
});

test("a ceiling slows what is faster and leaves what is slower", () => {
  const slowed = (maxRate) => asked({ maxRate, fields: null }, "ticker", 0.5).max_rate;
  assert.deepEqual([undefined, null, 4, 0.2].map(slowed), [0.5, 0.5, 0.5, 0.2]);
});
