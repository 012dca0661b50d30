/** The states, what stands for them, and the groups that the tree is filtered by. Pure. */

import type { State } from "../api/types";

export type Group = "trouble" | "progressing" | "ready" | "stopped" | "suspended";

export const GROUPS: readonly Group[] = ["trouble", "progressing", "ready", "stopped", "suspended"];

const GROUP_OF: Readonly<Record<State, Group>> = {
  trouble: "trouble",
  stalled: "trouble",
  missing: "trouble",
  progressing: "progressing",
  deleting: "progressing",
  ready: "ready",
  template: "ready",
  stopped: "stopped",
  suspended: "suspended",
};

/** A state that this page does not know, of a later release, is shown as trouble: it is not called fine. */
export function groupOf(state: State): Group {
  return GROUP_OF[state] ?? "trouble";
}

export function groupNamed(text: string | undefined): Group | null {
  return GROUPS.find((each) => each === text) ?? null;
}
