/**
 * The last lines of a log in the order of their times, whichever container sent them first; earlier ones are dropped, so
 * that a page that is open for days stays small: of the containers with the most lines, as what a busy replica writes
 * must not push out the few lines of the others. Pure.
 */

import type { LogLine } from "../api/types";

export const KEPT = 1000;

export interface Row {
  /** The same for as long as the row is there, so that what somebody reads stays where it is. */
  readonly key: number;
  /** Milliseconds since 1970, and the nanoseconds that these leave out. */
  readonly at: number;
  readonly nanoseconds: number;
  /** A line of a container, or what is said of the reading itself. */
  readonly line: LogLine | null;
  readonly text: string;
}

export interface Log {
  readonly rows: readonly Row[];
  /** The key of the next row. */
  readonly next: number;
}

export const NOTHING: Log = { rows: [], next: 0 };

/** With lines, and notes (texts), as they came. What has no time of its own has that of the one that came before it. */
export function appended(log: Log, more: readonly (LogLine | string)[]): Log {
  if (!more.length) return log;
  const rows = [...log.rows];
  let before = rows.at(-1) ?? { at: Number.NEGATIVE_INFINITY, nanoseconds: 0 };
  let ordered = true;
  more.forEach((each, index) => {
    const line = typeof each === "string" ? null : each;
    const row: Row = {
      ...(moment(line?.time) ?? { at: before.at, nanoseconds: before.nanoseconds }),
      key: log.next + index, line, text: typeof each === "string" ? each : each.text,
    };
    const last = rows.at(-1);
    ordered &&= last === undefined || byTime(last, row) <= 0;
    rows.push(row);
    before = row;
  });
  if (!ordered) rows.sort(byTime);
  return { rows: cut(rows), next: log.next + more.length };
}

/** At most KEPT of them: of each source the last ones, and all where it has no more than its share. */
function cut(rows: Row[]): Row[] {
  if (rows.length <= KEPT) return rows;
  const left = new Map<string, number>();
  for (const row of rows) left.set(source(row), (left.get(source(row)) ?? 0) + 1);
  const most = share([...left.values()]);
  return rows.filter((row) => {
    const still = left.get(source(row)) ?? 0;
    left.set(source(row), still - 1);
    return still <= most;
  }).slice(-KEPT);
}

/** How many lines each source may keep, so that all of them have at most KEPT: what small ones leave is the others'. */
function share(sizes: number[]): number {
  let room = KEPT;
  let sources = sizes.length;
  for (const size of sizes.sort((one, other) => one - other)) {
    if (size * sources > room) break;
    room -= size;
    sources -= 1;
  }
  // Where there are more sources than lines, the share would be none.
  return Math.max(1, Math.floor(room / Math.max(1, sources)));
}

/** Whose line a row is; what is said of the reading itself is of nobody. */
function source({ line }: Row): string {
  return line === null ? "" : `${line.pod}/${line.container}`;
}

/** A time with all nine digits of its seconds: a Date holds three. */
function moment(time: string | undefined): Pick<Row, "at" | "nanoseconds"> | null {
  const at = Date.parse(time ?? "");
  if (Number.isNaN(at)) return null;
  const digits = /\.(\d+)/.exec(time ?? "")?.[1] ?? "";
  return { at, nanoseconds: Number(digits.padEnd(9, "0").slice(3, 9)) };
}

function byTime(one: Row, other: Row): number {
  return one.at === other.at ? one.nanoseconds - other.nanoseconds : one.at < other.at ? -1 : 1;
}
