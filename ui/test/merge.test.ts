import { expect, test } from "vitest";
import { addChange, addSnapshot, merged, nothing } from "../src/feed/merge";
import { stack, stacksOf } from "./records";

const snapshot = (...ids: string[]) => ({ time: "", stacks: ids.map((id) => stack(id)), denied: null, notes: [] });

test("nothing pending leaves the same object, so that nothing is drawn anew", () => {
  const stacks = stacksOf(stack("n/a"));
  expect(merged(stacks, nothing())).toBe(stacks);
});

test("the last of several changes counts", () => {
  const pending = nothing();
  addChange(pending, { set: [stack("n/a", { generation: 2 })], gone: [] });
  addChange(pending, { set: [stack("n/a", { generation: 3 })], gone: ["n/b"] });
  const found = merged(stacksOf(stack("n/a"), stack("n/b"), stack("n/c")), pending);
  expect([...found.keys()]).toEqual(["n/a", "n/c"]);
  expect(found.get("n/a")?.generation).toBe(3);
});

test("what is gone and comes again is there, and the other way round", () => {
  const pending = nothing();
  addChange(pending, { set: [], gone: ["n/a"] });
  addChange(pending, { set: [stack("n/a")], gone: [] });
  addChange(pending, { set: [stack("n/b")], gone: [] });
  addChange(pending, { set: [], gone: ["n/b"] });
  expect([...merged(new Map(), pending).keys()]).toEqual(["n/a"]);
});

test("one change that takes a name away and sets it, sets it", () => {
  const pending = nothing();
  addChange(pending, { set: [stack("n/a")], gone: ["n/a"] });
  expect([...merged(new Map(), pending).keys()]).toEqual(["n/a"]);
});

test("a snapshot replaces everything before it, and changes after it are kept", () => {
  const pending = nothing();
  addChange(pending, { set: [stack("n/old")], gone: [] });
  addSnapshot(pending, snapshot("n/a", "n/b"));
  addChange(pending, { set: [stack("n/c")], gone: ["n/b"] });
  expect([...merged(stacksOf(stack("n/x")), pending).keys()]).toEqual(["n/a", "n/c"]);
});
