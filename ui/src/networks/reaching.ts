/** Who reaches whom, for one member. Pure. */

import type { Reach, Segment } from "../api/types";

export interface Reaching {
  /** Ports by the member that is reached. */
  to: ReadonlyMap<string, unknown>;
  /** Ports by the member that reaches it. */
  from: ReadonlyMap<string, unknown>;
}

export function reaching(reach: Reach, member: string): Reaching {
  const to = new Map<string, unknown>();
  const from = new Map<string, unknown>();
  for (const [source, target, ports] of reach.reaches) {
    if (source === member && target !== member) to.set(target, ports);
    if (target === member && source !== member) from.set(source, ports);
  }
  return { to, from };
}

/** The segments by the stack that has them, in order of its path. */
export function byStack(segments: readonly Segment[]): [stack: string, segments: Segment[]][] {
  const found = new Map<string, Segment[]>();
  for (const each of segments) {
    const known = found.get(each.stack);
    if (known) known.push(each);
    else found.set(each.stack, [each]);
  }
  return [...found].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
}
