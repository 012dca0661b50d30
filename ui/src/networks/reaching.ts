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

/** The networks of the outermost stack first: the name of a stack begins with that of its parent. */
export function inOrder(segments: readonly Segment[]): Segment[] {
  const key = ({ stack, network }: Segment): string => `${stack} ${network}`;
  return [...segments].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}
