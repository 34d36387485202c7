import assert from "node:assert/strict";
import { test } from "node:test";
import { Lists } from "../../../ticker/dashboard/lists.js";

class Storage {
  items = new Map();
  getItem(key) {
    return this.items.get(key) ?? null;
  }
  setItem(key, value) {
    this.items.set(key, value);
  }
}

const FORBIDDEN = {
  getItem() {
    throw new Error("forbidden");
  },
  setItem() {
    throw new Error("full");
  },
};

test("lists are kept, in order, each with its symbols in theirs", () => {
  const storage = new Storage();
  const lists = new Lists(storage);
  lists.keep("A", ["x:1", "x:2"]);
  lists.keep("B", []);
  lists.keep("A", ["x:2", "x:1"]);
  const again = new Lists(storage);
  assert.deepEqual(again.names, ["A", "B"]);
  assert.deepEqual(again.symbols("A"), ["x:2", "x:1"]);
  assert.equal(again.symbols("C"), null);
});

test("a list is renamed in its place, or removed", () => {
  const lists = new Lists(new Storage());
  for (const name of ["A", "B", "C"]) lists.keep(name, []);
  lists.rename("B", "D");
  lists.remove("A");
  assert.deepEqual(lists.names, ["D", "C"]);
});

test("the last one that was looked at is remembered, as long as there is one", () => {
  const lists = new Lists(new Storage());
  assert.equal(lists.last, undefined);
  for (const name of ["A", "B"]) lists.keep(name, []);
  assert.equal(lists.last, "A");
  lists.last = "B";
  assert.equal(lists.last, "B");
  lists.remove("B");
  assert.equal(lists.last, "A");
});

test("a free name is found", () => {
  const lists = new Lists(new Storage());
  assert.equal(lists.free("A"), "A");
  for (const name of ["A", "A 2"]) lists.keep(name, []);
  assert.equal(lists.free("A"), "A 3");
});

test("where nothing can be kept lists last as long as the page", () => {
  for (const storage of [FORBIDDEN, undefined]) {
    const lists = new Lists(storage);
    lists.keep("A", ["x:1"]);
    lists.reload();
    assert.deepEqual(lists.symbols("A"), ["x:1"]);
  }
});

test("what something else has put there is no list", () => {
  for (const text of ["nonsense{", "7", "null", '{"name":"A"}', '[{"name":"A"},{"symbols":[]},{"name":"B","symbols":[1]},null]']) {
    const storage = new Storage();
    storage.setItem("ticker.watchlists", text);
    assert.deepEqual(new Lists(storage).names, [], text);
  }
});

test("what another tab has changed is taken in", () => {
  const storage = new Storage();
  const [one, other] = [new Lists(storage), new Lists(storage)];
  one.keep("A", ["x:1"]);
  other.reload();
  assert.deepEqual(other.names, ["A"]);
});
