/** Events, the newest first. */

import type { JSX } from "preact";
import { stackPath } from "../api/request";
import type { EventRecord } from "../api/types";
import { Answer, Empty } from "../common/Said";
import { Table } from "../common/Table";
import { address, setQuery } from "../router/router";
import { now } from "../state/clock";
import { useResource } from "../state/resource";
import { Text } from "../text/Text";
import { age } from "../text/units";

const SECONDS = 10;

export function EventsTab({ id, service, version }: { id: string; service: string | null; version: unknown }): JSX.Element {
  const [namespace = "", name = ""] = id.split("/");
  const found = useResource<EventRecord[]>(stackPath(namespace, name, "events", service ? { service } : {}), version, SECONDS);
  const warnings = address.value.query["type"] === "warning";
  return (
    <>
      <div class="controls">
        <label><input type="checkbox" checked={warnings}
          onChange={(event) => setQuery({ type: event.currentTarget.checked ? "warning" : "" })} /> Warnings only</label>
      </div>
      <Answer of={found} what="events">
        {(all) => <Rows of={newest(all).filter((each) => !warnings || each.type === "Warning")} />}
      </Answer>
    </>
  );
}

function Rows({ of }: { of: readonly EventRecord[] }): JSX.Element {
  if (!of.length) return <Empty>No events. Kubernetes keeps them for an hour.</Empty>;
  return (
    <Table label="Events" heads={["Last seen", "Type", "Reason", "Object", "Message"]}>
      {of.map((each, index) => (
        <tr key={index}>
          <td class="number">{age(each.time, now.value)}{each.count > 1 && ` (x${each.count})`}</td>
          <td>{each.type === "Warning" ? <strong class="state-trouble">! <Text of={each.type} /></strong> : <Text of={each.type} />}</td>
          <td><Text of={each.reason} /></td>
          <td class="wrap name"><Text of={`${each.kind}/${each.name}`} mono /></td>
          <td class="wrap"><Text of={each.message} /></td>
        </tr>
      ))}
    </Table>
  );
}

export function newest(events: readonly EventRecord[]): EventRecord[] {
  return [...events].sort((left, right) => (left.time < right.time ? 1 : left.time > right.time ? -1 : 0));
}
