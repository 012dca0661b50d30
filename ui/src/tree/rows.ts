/** The rows of the tree: what is shown of the stacks, in order, with a filter, a search and folds. Pure. */

import type { ServiceRecord, StackRecord } from "../api/types";
import type { Stacks } from "../feed/merge";
import { type Group, groupOf } from "./states";

interface Placed {
  id: string;
  /** From 1. */
  level: number;
  /** Its place among its siblings, from 1, and how many they are. */
  position: number;
  siblings: number;
  /** Shown only because of what is below it. */
  context: boolean;
}

export interface StackRow extends Placed {
  kind: "stack";
  stack: StackRecord;
  /** Null where nothing is below it. */
  open: boolean | null;
}

export interface ServiceRow extends Placed {
  kind: "service";
  stack: StackRecord;
  service: ServiceRecord;
}

export type Row = StackRow | ServiceRow;

export interface Choice {
  /** The tree that is shown; null for all. */
  root: string | null;
  group: Group | null;
  search: string;
  folded: ReadonlySet<string>;
}

export function serviceId(stack: string, key: string): string {
  return `${stack}/${key}`;
}

export function rowsOf(stacks: Stacks, choice: Choice): Row[] {
  const below = childrenOf(stacks);
  const top = choice.root === null ? topsOf(stacks) : [stacks.get(choice.root)].filter((each) => each !== undefined);
  const search = choice.search.trim().toLowerCase();
  const filtered = Boolean(search || choice.group);

  const service = (each: ServiceRecord, found: boolean): boolean =>
    (!choice.group || groupOf(each.state) === choice.group) && (found || serviceHas(each, search));

  /** The rows of a stack and what is below; null where nothing of it matches. */
  const visit = (stack: StackRecord, level: number, above: boolean): Row[] | null => {
    // What is below a stack is shown with it where its name is found, and not where what it says of others is.
    const found = above || (search !== "" && has(search, stack.key, stack.name, stack.namespace));
    const own = (found || !search || says(stack, search)) && (!choice.group || groupOf(stack.state) === choice.group);
    const services = filtered ? stack.services.filter((each) => service(each, found)) : stack.services;
    const open = filtered || !choice.folded.has(stack.id);
    const stacksBelow = below.get(stack.id) ?? [];
    const inner: Row[][] = [];
    if (open) {
      for (const each of services) inner.push([serviceRow(stack, each, level + 1)]);
      for (const each of stacksBelow) {
        const rows = visit(each, level + 1, found);
        if (rows) inner.push(rows);
      }
    }
    if (filtered && !own && !inner.length) return null;
    number(inner);
    const row: StackRow = {
      kind: "stack", id: stack.id, level, position: 1, siblings: 1, context: filtered && !own, stack,
      open: services.length + stacksBelow.length ? open : null,
    };
    return [row, ...inner.flat()];
  };

  const all = top.map((each) => visit(each, 1, false)).filter((each) => each !== null);
  number(all);
  return all.flat();
}

/** How many stacks there are of each group. */
export function tally(stacks: Iterable<StackRecord>): Record<Group, number> {
  const found: Record<Group, number> = { trouble: 0, progressing: 0, ready: 0, stopped: 0, suspended: 0 };
  for (const each of stacks) found[groupOf(each.state)] += 1;
  return found;
}

/** A stack and all that are below it. */
export function subtree(stacks: Stacks, root: string | null): StackRecord[] {
  if (root === null) return [...stacks.values()];
  const below = childrenOf(stacks);
  const first = stacks.get(root);
  const found = first ? [first] : [];
  for (const each of found) found.push(...(below.get(each.id) ?? []));
  return found;
}

/** The stacks that lead to one, the root first, itself last. */
export function pathTo(stacks: Stacks, id: string): StackRecord[] {
  const found: StackRecord[] = [];
  for (let each = stacks.get(id); each && !found.includes(each); each = each.parent ? stacks.get(each.parent) : undefined) {
    found.unshift(each);
  }
  return found;
}

/** The stack at a path of keys below a root, which begins with the root's name: shop/orders. */
export function atPath(stacks: Stacks, root: string, path: string): StackRecord | undefined {
  const below = childrenOf(stacks);
  const [, ...keys] = path.split("/");
  return keys.reduce<StackRecord | undefined>(
    (found, key) => found && below.get(found.id)?.find((each) => each.key === key), stacks.get(root));
}

function serviceRow(stack: StackRecord, service: ServiceRecord, level: number): ServiceRow {
  const id = serviceId(stack.id, service.key);
  return { kind: "service", id, level, position: 1, siblings: 1, context: false, stack, service };
}

function number(groups: readonly Row[][]): void {
  groups.forEach((rows, index) => {
    const first = rows[0];
    if (!first) return;
    first.position = index + 1;
    first.siblings = groups.length;
  });
}

function childrenOf(stacks: Stacks): Map<string, StackRecord[]> {
  const found = new Map<string, StackRecord[]>();
  for (const each of stacks.values()) {
    if (each.parent === null) continue;
    const siblings = found.get(each.parent);
    if (siblings) siblings.push(each);
    else found.set(each.parent, [each]);
  }
  for (const siblings of found.values()) siblings.sort(inOrder);
  return found;
}

/** The roots, and the stacks whose parent may not be seen. */
function topsOf(stacks: Stacks): StackRecord[] {
  return [...stacks.values()].filter((each) => each.parent === null || !stacks.has(each.parent)).sort(inOrder);
}

function inOrder(left: StackRecord, right: StackRecord): number {
  return compare(left.namespace, right.namespace) || compare(left.key || left.name, right.key || right.name);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function says(stack: StackRecord, search: string): boolean {
  return !stack.ready && has(search, stack.reason, stack.message);
}

function serviceHas(service: ServiceRecord, search: string): boolean {
  return has(search, service.key, service.name, service.image ?? "", service.reason, service.message);
}

function has(search: string, ...texts: string[]): boolean {
  return texts.some((each) => each.toLowerCase().includes(search));
}
