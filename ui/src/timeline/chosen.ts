/** What of a timeline is shown. Pure. */

import type { EntryKind, TimelineEntry } from "../api/types";
import { day } from "../text/units";

export const KINDS: readonly EntryKind[] = ["definition", "rollout", "rollback", "restart", "failure", "event"];

/** Kinds that the address names; all but events where it names none. */
export function kindsOf(text: string | undefined): ReadonlySet<EntryKind> {
  const named = KINDS.filter((each) => (text ?? "").split(",").includes(each));
  return new Set(named.length ? named : KINDS.filter((each) => each !== "event"));
}

export function byDay(entries: readonly TimelineEntry[]): [day: string, entries: TimelineEntry[]][] {
  const found: [string, TimelineEntry[]][] = [];
  for (const each of entries) {
    const time = new Date(each.time);
    const date = Number.isNaN(time.getTime()) ? "Unknown time" : day(time);
    const last = found.at(-1);
    if (last?.[0] === date) last[1].push(each);
    else found.push([date, [each]]);
  }
  return found;
}

/** The revisions that can be compared, the newest first. */
export function revisionsOf(entries: readonly TimelineEntry[]): number[] {
  const found = entries.filter((each) => each.kind === "definition").map((each) => each.revision);
  return [...new Set(found.filter((each) => each !== null && each !== undefined))].sort((left, right) => right - left);
}

/** The two revisions of an address, the older first; null where it names none that there are. */
export function comparedOf(text: string | undefined, revisions: readonly number[]): [older: number, newer: number] | null {
  const named = (text ?? "").split(",").map(Number);
  const [one, other] = named;
  if (named.length !== 2 || one === undefined || other === undefined || one === other) return null;
  if (!revisions.includes(one) || !revisions.includes(other)) return null;
  return one < other ? [one, other] : [other, one];
}
