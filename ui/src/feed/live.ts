/** The tree's feed: one stream for the page, its events merged once a frame. */

import { batch, signal } from "@preact/signals";
import type { ApiError } from "../api/request";
import { listen } from "../api/stream";
import type { Change, Snapshot } from "../api/types";
import { addChange, addSnapshot, merged, nothing, type Stacks } from "./merge";

/** loading: nothing has come yet. outage: the server is there, the cluster does not answer it. lost: no server. */
export type Link = "loading" | "live" | "outage" | "lost";

export const stacks = signal<Stacks>(new Map());
export const link = signal<Link>("loading");
/** The sentence to `outage` and `lost`. */
export const problem = signal<ApiError | string | null>(null);
/** When something was heard last, in milliseconds. */
export const heard = signal(0);
/** What the API server refuses to list at all. */
export const denied = signal<string | null>(null);
export const notes = signal<readonly string[]>([]);

let pending = nothing();
let scheduled = false;

export function follow(root: string | null): () => void {
  const path = root ? `/api/tree?root=${encodeURIComponent(root)}` : "/api/tree";
  return listen(path, ["snapshot", "change", "outage"], {
    event: received,
    opened: () => undefined,
    closed: (reason) => {
      batch(() => {
        link.value = "lost";
        problem.value = reason;
      });
    },
  });
}

function received(name: string, data: unknown): void {
  if (name === "outage") {
    batch(() => {
      link.value = "outage";
      problem.value = String((data as { message?: unknown } | null)?.message ?? "The cluster does not answer.");
    });
    return;
  }
  if (name === "snapshot") addSnapshot(pending, data as Snapshot);
  else addChange(pending, data as Change);
  schedule();
}

/** Once a frame; a page that nobody sees has no frames, and a timer instead. */
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  if (document.hidden) window.setTimeout(apply, 1000);
  else requestAnimationFrame(apply);
}

function apply(): void {
  scheduled = false;
  const now = pending;
  pending = nothing();
  batch(() => {
    stacks.value = merged(stacks.value, now);
    heard.value = Date.now();
    if (now.snapshot) {
      denied.value = now.snapshot.denied;
      notes.value = now.snapshot.notes ?? [];
    }
    link.value = "live";
    problem.value = null;
  });
}
