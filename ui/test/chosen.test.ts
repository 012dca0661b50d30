import { expect, test } from "vitest";
import type { Reach, TimelineEntry } from "../src/api/types";
import { inOrder, reaching } from "../src/networks/reaching";
import { comparedOf, kindsOf, revisionsOf } from "../src/timeline/chosen";

const entry = (kind: TimelineEntry["kind"], revision: number | null): TimelineEntry => ({
  time: "", kind, stack: "shop", service: null, revision, by: null, title: "", detail: null,
});

test("revisions of definitions, the newest first", () => {
  expect(revisionsOf([entry("definition", 3), entry("rollback", 9), entry("definition", 5), entry("definition", 3)])).toEqual([5, 3]);
});

test("two revisions that there are, in either order", () => {
  expect(comparedOf("5,3", [5, 4, 3])).toEqual([3, 5]);
  expect([undefined, "3", "3,3", "3,9", "3,x", "3,4,5"].map((each) => comparedOf(each, [5, 4, 3]))).toEqual(Array(6).fill(null));
});

test("events are shown where somebody asks for them", () => {
  expect(kindsOf(undefined).has("event")).toBe(false);
  expect([...kindsOf("event,failure,nonsense")]).toEqual(["failure", "event"]);
});

test("who reaches whom, from both ends", () => {
  const reach: Reach = { members: [], segments: [], reaches: [["a", "b", "80/TCP"], ["c", "a", "all"], ["a", "a", "all"]] };
  const { to, from } = reaching(reach, "a");
  expect([[...to], [...from]]).toEqual([[["b", "80/TCP"]], [["c", "all"]]]);
});

test("networks of the outermost stack first", () => {
  const segment = (stack: string, network: string) => ({ stack, network, members: [] });
  const found = inOrder([segment("shop-orders", "a"), segment("shop", "z"), segment("shop", "b")]);
  expect(found.map((each) => each.network)).toEqual(["b", "z", "a"]);
});
