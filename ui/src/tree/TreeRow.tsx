/** One row of the tree. */

import type { ComponentChildren, JSX } from "preact";
import type { StackRecord } from "../api/types";
import { Shape } from "../common/StateMark";
import { stackAddress } from "../router/address";
import { go } from "../router/router";
import { now } from "../state/clock";
import { Text } from "../text/Text";
import { age, cpu, memory, plural } from "../text/units";
import { active, carried, fold, metrics, selected } from "./choice";
import type { Row } from "./rows";

export function rowElementId(id: string): string {
  return `row-${id}`;
}

export function rowAddress(row: Row): string {
  return stackAddress(row.stack.id, row.kind === "service" ? row.service.key : null, carried());
}

export function TreeRow({ row, top }: { row: Row; top: number }): JSX.Element {
  const of = row.kind === "stack" ? row.stack : row.service;
  const ready = row.kind === "stack" ? row.stack.servicesReady : `${row.service.ready}/${row.service.wanted}`;
  const why = sentence(row);
  const target = rowAddress(row);
  const open = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    active.value = row.id;
    go(target);
  };
  return (
    <div
      id={rowElementId(row.id)}
      role="treeitem"
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={selected.value === row.id}
      {...(row.kind === "stack" && row.open !== null ? { "aria-expanded": row.open } : {})}
      class={`row ${row.kind}${row.context ? " context" : ""}${active.value === row.id ? " active" : ""}`}
      style={{ top: `${top}px`, "--level": row.level - 1 }}
      onClick={open}
    >
      <span class="cell name">
        <Caret row={row} />
        <Shape of={of.state} />
        <span class="label"><a href={target} tabIndex={-1}><Text of={title(row)} /></a><Spoken>, {row.kind}, </Spoken></span>
        {row.kind === "stack" && row.level === 1 && <span class="space quiet" aria-hidden="true"><Text of={row.stack.namespace} />/</span>}
        {row.kind === "stack" && <Notices stack={row.stack} />}
      </span>
      <span class={`cell word state-${of.state}`}><Text of={of.state} /><Spoken>, </Spoken></span>
      <span class="cell number">{ready}<Spoken> ready, </Spoken></span>
      <span class={`cell number${of.restarts ? "" : " quiet"}`}>{of.restarts ?? ""}<Spoken> restarts, </Spoken></span>
      <span class="cell number"><Spoken>age </Spoken>{age(of.since ?? (row.kind === "stack" ? row.stack.created : null), now.value)}<Spoken>, </Spoken></span>
      {metrics() && <span class="cell number"><Spoken>CPU </Spoken>{cpu(of.cpu)}<Spoken>, </Spoken></span>}
      {metrics() && <span class="cell number"><Spoken>memory </Spoken>{memory(of.memory)}<Spoken>, </Spoken></span>}
      <span class="cell why">{why ? <Text of={why} /> : <Resting row={row} />}</span>
    </div>
  );
}

/** What is heard and not seen: the heads of the columns, as a row's name is read without them. */
function Spoken({ children }: { children: ComponentChildren }): JSX.Element {
  return <span class="spoken">{children}</span>;
}

function Caret({ row }: { row: Row }): JSX.Element {
  if (row.kind !== "stack" || row.open === null) return <span class="caret" />;
  const { id, open } = row;
  const toggle = (event: MouseEvent): void => {
    event.stopPropagation();
    fold(id, !open);
  };
  return (
    <span class={`caret ${open ? "open" : "shut"}`} onClick={toggle}>
      <svg viewBox="0 0 8 8" aria-hidden="true"><path d="M2 1l4 3-4 3z" /></svg>
    </span>
  );
}

function Notices({ stack }: { stack: StackRecord }): JSX.Element | null {
  return stack.notices ? <span class="notes quiet">{plural(stack.notices, "notice")}<Spoken>, </Spoken></span> : null;
}

/** What stands at the end of a row without trouble. */
function Resting({ row }: { row: Row }): JSX.Element | null {
  const text = row.kind === "stack" ? row.stack.url : row.service.image;
  return text ? <span class="quiet mono"><Text of={text} /></span> : null;
}

function title(row: Row): string {
  if (row.kind === "service") return row.service.key;
  return row.level === 1 ? row.stack.name : row.stack.key || row.stack.name;
}

/** Why it is not ready, as kubectl says it; empty where it is. */
export function sentence(row: Row): string {
  const of = row.kind === "stack" ? row.stack : row.service;
  if (of.state === "ready" || of.state === "template") return "";
  return said(of.reason, of.message);
}

export function said(reason: string, message: string): string {
  return !reason || message.toLowerCase().includes(reason.toLowerCase()) ? message : message ? `${reason}: ${message}` : reason;
}
