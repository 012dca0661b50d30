/** The last lines of a log; earlier ones are dropped, so that a page that is open for days stays small. Pure. */

import type { LogLine } from "../api/types";

export const KEPT = 1000;

export function appended(lines: readonly LogLine[], more: readonly LogLine[]): readonly LogLine[] {
  return more.length ? [...lines, ...more].slice(-KEPT) : lines;
}
