import { expect, test } from "vitest";
import { moved } from "../src/tree/movement";
import { rowsOf } from "../src/tree/rows";
import { windowOf } from "../src/tree/window";
import { child, service, stack, stacksOf } from "./records";

const stacks = stacksOf(stack("n/a", { services: [service("x")] }), child("n/b", "n/a", "b", { services: [service("y")] }));
const open = rowsOf(stacks, { root: null, group: null, search: "", folded: new Set() });
const shut = rowsOf(stacks, { root: null, group: null, search: "", folded: new Set(["n/b"]) });

test.each([
  ["ArrowDown", "n/a", { to: "n/a/x" }],
  ["ArrowUp", "n/a", { to: "n/a" }],
  ["End", "n/a", { to: "n/b/y" }],
  ["Home", "n/b/y", { to: "n/a" }],
  ["PageDown", "n/a", { to: "n/b/y" }],
  ["ArrowLeft", "n/b/y", { to: "n/b" }],
  ["ArrowLeft", "n/b", { fold: "n/b", open: false }],
  ["ArrowRight", "n/a", { to: "n/a/x" }],
  ["ArrowRight", "n/a/x", null],
  ["ArrowDown", null, { to: "n/a" }],
  ["x", "n/a", null],
])("%s at %s", (key, active, expected) => {
  expect(moved(open, active, key)).toEqual(expected);
});

test("ArrowRight opens what is folded", () => {
  expect(moved(shut, "n/b", "ArrowRight")).toEqual({ fold: "n/b", open: true });
  expect(moved(shut, "n/b", "ArrowLeft")).toEqual({ to: "n/a" });
});

test("only rows near what is seen are drawn", () => {
  expect(windowOf(10_000, 500, 4000, 28)).toEqual({ first: 349, end: 383 });
  expect(windowOf(0, 500, 3, 28)).toEqual({ first: 0, end: 3 });
  expect(windowOf(90_000, 500, 10, 28)).toEqual({ first: 9, end: 10 });
  expect(windowOf(0, 0, 0, 28)).toEqual({ first: 0, end: 0 });
});
