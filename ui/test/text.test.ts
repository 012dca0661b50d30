import { expect, test } from "vitest";
import { line, lines } from "../src/text/escape";
import { textOf } from "../src/text/Text";
import { age, cpu, memory, plural } from "../src/text/units";

test("control characters are escapes that show", () => {
  expect(line("\u001b[31mred\u0000\r\n\t")).toBe("\\x1b[31mred\\x00\\r\\n\\t");
  expect(lines("a\tb\r\nc\u001b[2J\n")).toBe("a\tb\nc\\x1b[2J\n");
  expect(lines("progress\rdone")).toBe("progress\\rdone");
});

test("what turns the direction or shows nothing is an escape too", () => {
  expect(line("a\u202eb\u200bc\u2066\ufeff")).toBe("a\\u202eb\\u200bc\\u2066\\ufeff");
  expect(line("\u{e0041}")).toBe("\\U000e0041");
  expect(line("\ud800")).toBe("\\ud800");
});

test("other text stays as it is", () => {
  expect(line("<b>שלום 日本 😀</b>")).toBe("<b>שלום 日本 😀</b>");
});

test("whatever the server sends is text", () => {
  expect(textOf(["80/TCP", { policy: "p", network: null, all: true }])).toBe("80/TCP, policy p, all");
  expect(textOf(null)).toBe("");
});

test("numbers as kubectl writes them", () => {
  const now = Date.parse("2026-11-30T12:00:00Z");
  expect(["11:59:30", "11:30:00", "07:00:00"].map((each) => age(`2026-11-30T${each}Z`, now))).toEqual(["30s", "30m", "5h"]);
  expect(age("2026-11-20T12:00:00Z", now)).toBe("10d");
  expect(age("2026-11-30T12:00:05Z", now)).toBe("0s");
  expect([age(null, now), age("never", now)]).toEqual(["", ""]);
  expect([cpu(250), cpu(1500), cpu(null)]).toEqual(["250m", "1.5", ""]);
  expect([memory(120 * 2 ** 20), memory(1.5 * 2 ** 30)]).toEqual(["120Mi", "1.5Gi"]);
  expect([plural(1, "stack"), plural(1200, "stack")]).toEqual(["1 stack", "1,200 stacks"]);
});
