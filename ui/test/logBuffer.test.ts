import { expect, test } from "vitest";
import type { LogLine } from "../src/api/types";
import { appended, KEPT, type Log, NOTHING } from "../src/stack/logBuffer";

const at = (second: string, text: string, pod = "a"): LogLine => ({
  pod, container: "c", time: second && `2026-01-02T03:04:${second}Z`, text,
});
const texts = (log: Log): string[] => log.rows.map((each) => each.text);

test("nothing more leaves the same object, so that nothing is drawn anew", () => {
  const log = appended(NOTHING, [at("01", "x")]);
  expect(appended(log, [])).toBe(log);
});

test("a log keeps its last lines", () => {
  const lines = Array.from({ length: KEPT + 5 }, (_, index) => at("", String(index)));
  const found = texts(appended(appended(NOTHING, lines.slice(0, KEPT)), lines.slice(KEPT)));
  expect([found.length, found[0], found.at(-1)]).toEqual([KEPT, "5", String(KEPT + 4)]);
});

test("the last lines are those of all containers, not of the one that was sent last", () => {
  const many = (pod: string) => Array.from({ length: KEPT }, (_, index) => at(`01.${String(index).padStart(9, "0")}`, pod, pod));
  const found = texts(appended(appended(NOTHING, many("a")), many("b")));
  expect(found.filter((each) => each === "a").length).toBe(KEPT / 2);
});

test("a busy container does not push out the lines of the others", () => {
  const few = [at("01", "b1", "b"), "a note", at("02", "c1", "c"), at("03", "c2", "c")];
  let log = appended(NOTHING, few);
  for (let turn = 0; turn < 3; turn += 1) {
    log = appended(log, Array.from({ length: KEPT }, (_, index) => at("09", String(turn * KEPT + index))));
  }
  const found = texts(log);
  expect(found.slice(0, 4)).toEqual(["b1", "a note", "c1", "c2"]);
  expect([found.length, found[4], found.at(-1)]).toEqual([KEPT, String(2 * KEPT + 4), String(3 * KEPT - 1)]);
});

test("as many containers as there is room for lines keep one each", () => {
  const lines = Array.from({ length: KEPT + 5 }, (_, index) => at("", String(index), String(index)));
  expect(texts(appended(NOTHING, [...lines, ...lines])).length).toBe(KEPT);
});

test("lines of several containers are in the order of their times, to the nanosecond", () => {
  const log = appended(NOTHING, [at("01.000000005", "a1"), at("03", "a2"), at("09.5", "a3")]);
  const found = appended(log, [at("01.000000004", "b1", "b"), at("03", "b2", "b"), at("09.45", "b3", "b")]);
  expect(texts(found)).toEqual(["b1", "a1", "a2", "b2", "b3", "a3"]);
});

test("what has no time stays behind what came before it", () => {
  const log = appended(NOTHING, [at("05", "last")]);
  const found = appended(log, ["started again", at("07", "new"), at("", "unable to retrieve"), at("06", "between", "b")]);
  expect(texts(found)).toEqual(["last", "started again", "between", "new", "unable to retrieve"]);
  expect(texts(appended(found, ["note"])).at(-1)).toBe("note");
});

test("rows keep their keys, and no two have the same", () => {
  const first = appended(NOTHING, [at("01", "a"), at("03", "c")]);
  const second = appended(first, [at("02", "b", "b")]);
  const keys = new Map(second.rows.map((each) => [each.text, each.key]));
  expect(first.rows.every((each) => keys.get(each.text) === each.key)).toBe(true);
  expect(new Set(keys.values()).size).toBe(3);
});
