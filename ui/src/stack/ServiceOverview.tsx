/** A service: its image and since when, its pods, its networks. */

import type { JSX } from "preact";
import type { Interface, Pod, StackDetail } from "../api/types";
import { Empty } from "../common/Said";
import { Table } from "../common/Table";
import { stacks } from "../feed/live";
import { now } from "../state/clock";
import { Text, textOf } from "../text/Text";
import { age, cpu, memory } from "../text/units";
import { Facts } from "./facts";
import { Link } from "./Link";
import { NoticeList, noticesOf } from "./NoticeList";

export function ServiceOverview({ id, detail, service }: {
  id: string; detail: StackDetail; service: string;
}): JSX.Element {
  const of = detail.services.find((each) => each.key === service);
  const record = stacks.value.get(id)?.services.find((each) => each.key === service);
  if (!of) return <Empty>No service {service} in this stack.</Empty>;
  const notices = noticesOf(detail).filter((each) => concerns(each.path, service));
  return (
    <>
      <Facts of={[
        ["Ready", record ? `${record.ready}/${record.wanted}` : of.ready],
        ["Restarts", record?.restarts],
        ["Image", of.image && <Text of={of.image} mono />],
        ["Image since", age(of.imageSince, now.value) && `${age(of.imageSince, now.value)} ago`],
        ["Kind", <Text of={`${of.kind}/${of.name}`} mono />],
        ["CPU", cpu(record?.cpu)],
        ["Memory", memory(record?.memory)],
        ["Networks", textOf(of.networks) && <Text of={of.networks} />],
      ]} />
      <h2>Pods</h2>
      <Pods of={of.pods} />
      <h2>Interfaces</h2>
      <Interfaces of={of.interfaces ?? []} />
      <h2>Notices</h2>
      <NoticeList of={notices} />
    </>
  );
}

function Pods({ of }: { of: readonly Pod[] | null }): JSX.Element {
  if (of === null) return <Empty>Pods may not be listed with these rights.</Empty>;
  if (!of.length) return <Empty>No pod.</Empty>;
  return (
    <Table label="Pods" heads={["Pod", "Phase", "Ready", "Restarts", "Age", "Node", "Image", "Reason"]}>
      {of.map((each) => (
        <tr key={each.name}>
          <th scope="row"><Text of={each.name} mono /></th>
          <td><Text of={each.phase} /></td>
          <td>{typeof each.ready === "boolean" ? (each.ready ? "yes" : "no") : <Text of={each.ready} />}</td>
          <td class="number">{each.restarts}</td>
          <td class="number">{age(each.started, now.value)}</td>
          <td><Text of={each.node} /></td>
          <td><Text of={each.image} mono /></td>
          <td class="wrap"><Text of={each.reason} /></td>
        </tr>
      ))}
    </Table>
  );
}

function Interfaces({ of }: { of: readonly Interface[] }): JSX.Element {
  if (!of.length) return <Empty>None: it is called by nobody.</Empty>;
  return (
    <Table label="Interfaces" heads={["Path or name", "Port", "Protocol", "Published as"]}>
      {of.map((each, index) => (
        <tr key={index}>
          <th scope="row"><Text of={each.path ?? each.name} mono /></th>
          <td class="number"><Text of={each.port} /></td>
          <td><Text of={each.protocol ?? (each.path ? "http" : "")} /></td>
          <td>{each.url ? <Link to={each.url} /> : <Text of={each.published} />}</td>
        </tr>
      ))}
    </Table>
  );
}

/** Whether a notice's path is of this service: `services.api.ports`, `api`, `services[api]`. */
export function concerns(path: string, service: string): boolean {
  return path.split(/[./[\]"']+/).includes(service);
}
