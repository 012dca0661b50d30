/** The entries of a timeline, by day. */

import type { JSX } from "preact";
import type { EntryKind, TimelineEntry } from "../api/types";
import { stacks } from "../feed/live";
import { stackAddress } from "../router/address";
import { address } from "../router/router";
import { Text } from "../text/Text";
import { carried } from "../tree/choice";
import { atPath } from "../tree/rows";
import { byDay } from "./chosen";

const SHAPES: Readonly<Record<EntryKind, JSX.Element>> = {
  definition: <path d="M2 1.5h8v9H2ZM4 4.5h4M4 7.5h4" class="stroke" />,
  rollout: <path d="M6 10.5v-9M2 5.5l4-4 4 4" class="stroke" />,
  rollback: <path d="M6 1.5v9M2 6.5l4 4 4-4" class="stroke" />,
  restart: <path d="M10 6a4 4 0 1 1-1.5-3.1M9 .5v3H6" class="stroke" />,
  failure: <path d="M6 1 11.5 11H.5Z" class="fill" />,
  event: <circle cx="6" cy="6" r="2" class="fill" />,
};

interface Props {
  of: readonly TimelineEntry[];
  rollBack: ((revision: number) => void) | null;
  /** The current revision, to which nothing is rolled back. */
  newest: number | null;
}

export function Entries({ of, rollBack, newest }: Props): JSX.Element {
  return (
    <div class="timeline">
      {byDay(of).map(([day, entries]) => (
        <section key={day}>
          <h2>{day}</h2>
          <ol>{entries.map((each, index) => <Entry key={index} of={each} rollBack={rollBack} newest={newest} />)}</ol>
        </section>
      ))}
    </div>
  );
}

function Entry({ of, rollBack, newest }: Omit<Props, "of"> & { of: TimelineEntry }): JSX.Element {
  const back = of.kind === "definition" && of.revision !== null && of.revision !== newest ? of.revision : null;
  return (
    <li>
      <time dateTime={of.time}>{clock(of.time)}</time>
      <svg class={`shape${of.kind === "failure" ? " state-trouble" : ""}`} viewBox="0 0 12 12" aria-hidden="true">
        {SHAPES[of.kind] ?? SHAPES.event}
      </svg>
      <div class="entry">
        <span class={`kind${of.kind === "failure" ? " state-trouble" : ""}`}><Text of={of.kind} /></span>{" "}
        <strong><Text of={of.title} /></strong>{" "}
        <Subject of={of} />
        {of.by && <span class="quiet"> by <Text of={of.by} /></span>}
        {of.detail?.split("\n").map((each, index) => <p key={index}><Text of={each} /></p>)}
      </div>
      {rollBack && back !== null && <button type="button" onClick={() => rollBack(back)}>Roll back</button>}
    </li>
  );
}

function Subject({ of }: { of: TimelineEntry }): JSX.Element | null {
  if (!of.stack) return null;
  const text = of.service ? `${of.stack}/${of.service}` : of.stack;
  const id = of.id ?? atPath(stacks.value, rootOfPage(), of.stack)?.id;
  return id ? <a href={stackAddress(id, of.service, carried())}><Text of={text} /></a> : <Text of={text} />;
}

function rootOfPage(): string {
  const { namespace, name } = address.value;
  const id = `${namespace}/${name}`;
  return stacks.value.get(id)?.root ?? id;
}

function clock(time: string): string {
  const found = new Date(time);
  return Number.isNaN(found.getTime()) ? "" : found.toTimeString().slice(0, 8);
}
