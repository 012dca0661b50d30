import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../src/api/request";
import { listen } from "../src/api/stream";

class Source extends EventTarget {
  static all: Source[] = [];
  onopen: (() => void) | null = null;
  open = true;
  constructor(readonly path: string) {
    super();
    Source.all.push(this);
  }
  close(): void {
    this.open = false;
  }
}

const page = Object.assign(new EventTarget(), { hidden: false });
const answers = vi.fn<() => Promise<Response>>();

function look(hidden: boolean): void {
  page.hidden = hidden;
  page.dispatchEvent(new Event("visibilitychange"));
}

function heard() {
  const closed: ApiError[] = [];
  const events: [string, unknown][] = [];
  const handlers = {
    event: (name: string, data: unknown) => void events.push([name, data]), opened: () => undefined,
    closed: (reason: ApiError) => void closed.push(reason),
  };
  return { closed, events, handlers };
}

const opened = () => Source.all.filter((each) => each.open).length;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("fetch", answers);
  Source.all = [];
  page.hidden = false;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("events are read as JSON", () => {
  const { events, handlers } = heard();
  const stop = listen("/api/tree", ["change"], handlers);
  Source.all[0]?.dispatchEvent(new MessageEvent("change", { data: '{"set":[]}' }));
  Source.all[0]?.dispatchEvent(new MessageEvent("change", { data: "no JSON" }));
  expect(events).toEqual([["change", { set: [] }], ["change", null]]);
  stop();
  expect(opened()).toBe(0);
});

test("a stream that is lost is opened again, later and later", async () => {
  answers.mockRejectedValue(new TypeError("no connection"));
  const { closed, handlers } = heard();
  const stop = listen("/api/tree", [], handlers);
  for (const wait of [500, 1000, 2000]) {
    const count = Source.all.length;
    Source.all.at(-1)?.dispatchEvent(new Event("error"));
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(Source.all.length).toBe(count);
    await vi.advanceTimersByTimeAsync(1);
    expect(Source.all.length).toBe(count + 1);
  }
  expect(closed.map((each) => each.status)).toEqual([0, 0, 0]);
  stop();
});

test.each([
  ["without a session", async (source: Source) => {
    answers.mockResolvedValue(Response.json({ error: "no session" }, { status: 401 }));
    source.dispatchEvent(new Event("error"));
  }],
  ["without the right", async (source: Source) => {
    source.dispatchEvent(new MessageEvent("error", { data: '{"error": "forbidden", "denied": true}' }));
  }],
])("%s it is not asked again", async (_, fail) => {
  const { closed, handlers } = heard();
  const stop = listen("/api/tree", [], handlers);
  await fail(Source.all[0] as Source);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([closed.length, Source.all.length]).toEqual([1, 1]);
  stop();
});

test("a page that nobody sees for a while keeps no stream", async () => {
  const { handlers } = heard();
  const stop = listen("/api/tree", [], handlers);
  look(true);
  await vi.advanceTimersByTimeAsync(5000);
  look(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([opened(), Source.all.length]).toEqual([1, 1]);
  look(true);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(opened()).toBe(0);
  look(false);
  expect([opened(), Source.all.length]).toEqual([1, 2]);
  stop();
});
