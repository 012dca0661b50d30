/** The stacks as the feed tells of them: a snapshot, and then whole records of what has changed. Pure. */

import type { Change, Snapshot, StackRecord } from "../api/types";

export type Stacks = ReadonlyMap<string, StackRecord>;

/** What has come since the last frame, merged into one step. */
export interface Pending {
  snapshot: Snapshot | null;
  set: Map<string, StackRecord>;
  gone: Set<string>;
}

export function nothing(): Pending {
  return { snapshot: null, set: new Map(), gone: new Set() };
}

export function addSnapshot(pending: Pending, snapshot: Snapshot): void {
  pending.snapshot = snapshot;
  pending.set.clear();
  pending.gone.clear();
}

export function addChange(pending: Pending, change: Change): void {
  for (const id of change.gone) {
    pending.set.delete(id);
    pending.gone.add(id);
  }
  for (const record of change.set) {
    pending.gone.delete(record.id);
    pending.set.set(record.id, record);
  }
}

/** The stacks after what is pending; the same object where nothing is. */
export function merged(stacks: Stacks, pending: Pending): Stacks {
  if (!pending.snapshot && !pending.set.size && !pending.gone.size) return stacks;
  const base: Iterable<[string, StackRecord]> = pending.snapshot
    ? pending.snapshot.stacks.map((each) => [each.id, each])
    : stacks;
  const result = new Map(base);
  for (const id of pending.gone) result.delete(id);
  for (const [id, record] of pending.set) result.set(id, record);
  return result;
}
