import assert from "node:assert/strict";
import { test } from "node:test";
import { compact, compare, difference, format, parse, sign, signed } from "../../../ticker/dashboard/decimals.js";

test("no digit is lost or added", () => {
  for (const text of ["0", "0.35130000", "-0.05", "68250.40", "123456789012345678901234567890.123456789"]) {
    const { units, decimals } = parse(text);
    assert.equal(format(units, decimals), text);
  }
});

test("what is no decimal string is none", () => {
  for (const text of [null, undefined, 1.5, "", "x", "1e5", "1,5", ".5", "--1"]) assert.equal(parse(text), null);
});

test("a spread is exact", () => {
  for (const [ask, bid, expected] of [
    ["0.3", "0.1", "0.2"], // 0.19999999999999998 as floats
    ["0.35130000", "0.3512", "0.00010000"],
    ["68250.41", "68250.40", "0.01"],
    ["1", "1", "0"],
    ["1.00", "1.01", "-0.01"],
    ["90071992547409.93", "90071992547409.92", "0.01"],
    [null, "1", null],
    ["1", undefined, null],
  ])
    assert.equal(difference(ask, bid), expected, `${ask} - ${bid}`);
});

test("values compare by what they are worth", () => {
  for (const [a, b, expected] of [
    ["1.10", "1.1", 0],
    ["9", "10", -1],
    ["-2", "1", -1],
    ["90071992547409.93", "90071992547409.92", 1],
    [null, "0", -1],
    ["-5", null, 1],
    [null, undefined, 0],
  ])
    assert.equal(compare(a, b), expected, `${a} and ${b}`);
});

test("a change has its sign", () => {
  assert.deepEqual(["1.20", "-0.40", "0.00", "-0.00"].map(signed), ["+1.20", "−0.40", "0.00", "0.00"]);
  assert.deepEqual(["1.20", "-0.40", "-0.00", null].map(sign), [1, -1, 0, 0]);
});

test("a volume is short, and not more than it is", () => {
  for (const [volume, expected] of [
    ["0", "0"],
    ["0.5", "0.5"],
    ["0.0049", "0.00"],
    ["912", "912"],
    ["912.99", "912"],
    ["12.349", "12.3"],
    ["1999", "1.99K"],
    ["45678", "45.6K"],
    ["123456.7", "123K"],
    ["999999999", "999M"],
    ["1234567890.5", "1.23B"],
    ["1234567890123456", "1234T"],
    ["-1500", "-1.50K"],
    [null, ""],
  ])
    assert.equal(compact(volume), expected, String(volume));
});
