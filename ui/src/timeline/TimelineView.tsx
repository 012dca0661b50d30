/** What changed, by whom, what rolled, and how it ended; and two revisions beside each other. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ActionDialog } from "../actions/ActionDialog";
import { stackPath } from "../api/request";
import type { Revision, TimelineEntry } from "../api/types";
import { Difference } from "../common/Difference";
import { Answer, Empty } from "../common/Said";
import { stacks } from "../feed/live";
import { pageOf } from "../router/address";
import { address, setQuery } from "../router/router";
import { about } from "../state/session";
import { useResource } from "../state/resource";
import { useSettled } from "../state/settled";
import { carried } from "../tree/choice";
import { comparedOf, KINDS, kindsOf, revisionsOf } from "./chosen";
import { Entries } from "./Entries";

const SECONDS = 20;

export function TimelineView({ id }: { id: string }): JSX.Element {
  const [namespace = "", name = ""] = id.split("/");
  const record = stacks.value.get(id);
  const version = useSettled(record, 2000);
  const found = useResource<TimelineEntry[]>(stackPath(namespace, name, "timeline"), version, SECONDS);
  return (
    <>
      {record && record.root !== id && (
        <p class="quiet">Revisions are kept of the whole tree: <a href={pageOf("timeline", record.root, carried())}>
          timeline of {record.root}</a></p>
      )}
      <Answer of={found} what="timeline">{(entries) => <Shown id={id} of={entries} />}</Answer>
    </>
  );
}

function Shown({ id, of }: { id: string; of: readonly TimelineEntry[] }): JSX.Element {
  const [back, setBack] = useState<number | null>(null);
  const kinds = kindsOf(address.value.query["kinds"]);
  const revisions = revisionsOf(of);
  const compared = comparedOf(address.value.query["compare"], revisions);
  const shown = of.filter((each) => kinds.has(each.kind));
  const toggle = (kind: TimelineEntry["kind"]): void => {
    const next = KINDS.filter((each) => (each === kind ? !kinds.has(each) : kinds.has(each)));
    setQuery({ kinds: next.join(",") });
  };
  return (
    <>
      <div class="controls" role="group" aria-label="What is shown">
        {KINDS.map((each) => (
          <button key={each} type="button" class="chip" aria-pressed={kinds.has(each)} onClick={() => toggle(each)}>{each}</button>
        ))}
      </div>
      {revisions.length > 1 && <Choice of={revisions} compared={compared} />}
      {compared && <Compared id={id} older={compared[0]} newer={compared[1]} />}
      {shown.length ? <Entries of={shown} rollBack={about()?.allowActions ? setBack : null} newest={revisions[0] ?? null} />
        : <Empty>Nothing of this kind is known. Kubernetes keeps events for an hour, the operator the last revisions.</Empty>}
      {back !== null && (
        <ActionDialog id={id} title={`Roll back to revision ${back}`} close={() => setBack(null)}
          request={{ action: "rollback", service: null, revision: back }} />
      )}
    </>
  );
}

function Choice({ of, compared }: { of: readonly number[]; compared: [number, number] | null }): JSX.Element {
  const [older, newer] = compared ?? [of[1] ?? 0, of[0] ?? 0];
  const choose = (one: number, other: number): void => setQuery({ compare: `${one},${other}` });
  const options = of.map((each) => <option key={each} value={each}>{each}</option>);
  return (
    <div class="controls">
      <label>Compare revision <select value={older} onChange={(event) => choose(Number(event.currentTarget.value), newer)}>
        {options}</select></label>
      <label>with <select value={newer} onChange={(event) => choose(older, Number(event.currentTarget.value))}>{options}</select></label>
      {compared
        ? <button type="button" onClick={() => setQuery({ compare: "" })}>Hide the difference</button>
        : <button type="button" onClick={() => choose(older, newer)}>Compare</button>}
    </div>
  );
}

function Compared({ id, older, newer }: { id: string; older: number; newer: number }): JSX.Element {
  const [namespace = "", name = ""] = id.split("/");
  const path = stackPath(namespace, name, `revisions/${newer}`, { against: String(older) });
  const found = useResource<Revision>(path);
  const label = `From revision ${older} to ${newer}`;
  return (
    <section>
      <h2>{label}</h2>
      <Answer of={found} what="revisions">
        {(data) => data.difference ? <Difference of={data.difference} label={label} /> : <Empty>They are the same.</Empty>}
      </Answer>
    </section>
  );
}
