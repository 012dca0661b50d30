/** What of the tree is shown: in the address, so that it can be sent to others; folds are of this window alone. */

import { computed, signal } from "@preact/signals";
import { stacks } from "../feed/live";
import type { Query } from "../router/address";
import { address } from "../router/router";
import { about } from "../state/session";
import { type Choice, pathTo, type Row, rowsOf, subtree, tally } from "./rows";
import { groupNamed } from "./states";

export const folded = signal<ReadonlySet<string>>(new Set());
/** The row that the keyboard is at. */
export const active = signal<string | null>(null);

/** The tree that is shown: that of the address, or the one from which somebody came to a stack. */
export const root = computed<string | null>(() => {
  const { page, namespace, name, query } = address.value;
  if (page === "tree" && namespace && name) return `${namespace}/${name}`;
  return query["of"] ?? null;
});

export const choice = computed<Choice>(() => {
  const { query } = address.value;
  return { root: root.value, group: groupNamed(query["filter"]), search: query["q"] ?? "", folded: folded.value };
});

export const rows = computed<Row[]>(() => rowsOf(stacks.value, choice.value));
export const shown = computed(() => subtree(stacks.value, root.value));
export const counts = computed(() => tally(shown.value));

/** The part of the query that links from the tree carry on. */
export function carried(): Query {
  const { query } = address.value;
  return { of: root.value ?? "", filter: query["filter"] ?? "", q: query["q"] ?? "" };
}

/** The row that the address speaks of. */
export const selected = computed<string | null>(() => {
  const { page, namespace, name, service } = address.value;
  if (page === "tree" || page === "unknown" || !namespace || !name) return null;
  return [namespace, name, ...(service ? [service] : [])].join("/");
});

export function fold(id: string, open: boolean): void {
  const next = new Set(folded.value);
  if (open) next.delete(id);
  else next.add(id);
  folded.value = next;
}

/** Show the row of a stack or service: nothing above it stays folded. */
export function unfoldTo(id: string): void {
  const [namespace = "", name = "", service] = id.split("/");
  const path = pathTo(stacks.value, `${namespace}/${name}`).map((each) => each.id);
  const above = new Set(service ? path : path.slice(0, -1));
  if ([...folded.value].some((each) => above.has(each))) {
    folded.value = new Set([...folded.value].filter((each) => !above.has(each)));
  }
}

export function foldAll(): void {
  folded.value = new Set(shown.value.filter((each) => each.id !== root.value).map((each) => each.id));
}

export function unfoldAll(): void {
  folded.value = new Set();
}

export function metrics(): boolean {
  return about()?.metrics ?? false;
}
