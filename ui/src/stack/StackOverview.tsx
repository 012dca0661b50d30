/** A stack: its services, what it says of itself, its notices, and who owns what. */

import type { JSX } from "preact";
import type { Condition, Owned, StackDetail, StackRecord } from "../api/types";
import { Empty } from "../common/Said";
import { StateMark } from "../common/StateMark";
import { Table } from "../common/Table";
import { stacks } from "../feed/live";
import { stackAddress } from "../router/address";
import { now } from "../state/clock";
import { Text } from "../text/Text";
import { age, cpu, memory } from "../text/units";
import { carried } from "../tree/choice";
import { said } from "../tree/TreeRow";
import { Facts } from "./facts";
import { Link } from "./Link";
import { NoticeList, noticesOf } from "./NoticeList";

export function StackOverview({ id, detail }: { id: string; detail: StackDetail }): JSX.Element {
  const record = stacks.value.get(id);
  const below = [...stacks.value.values()].filter((each) => each.parent === id);
  return (
    <>
      {record && <StackFacts of={record} />}
      <h2>Services</h2>
      {record && <Services of={record} detail={detail} />}
      {below.length > 0 && <h2>Stacks</h2>}
      {below.length > 0 && <Below of={below} />}
      {record && record.routes.length > 0 && <h2>Routes of its gateway</h2>}
      {record && record.routes.length > 0 && <Routes of={record} />}
      <h2>Notices</h2>
      <NoticeList of={noticesOf(detail)} />
      <h2>Conditions</h2>
      <Conditions of={detail.conditions ?? []} />
      <h2>Objects and who writes them</h2>
      <Owners of={detail.owners ?? []} />
    </>
  );
}

function StackFacts({ of }: { of: StackRecord }): JSX.Element {
  return (
    <Facts of={[
      ["Services ready", of.servicesReady],
      ["Stacks ready", of.stacksReady === "0/0" ? "" : of.stacksReady],
      ["Restarts", of.restarts],
      ["Created", age(of.created, now.value) && `${age(of.created, now.value)} ago`],
      ["Youngest pod", age(of.since, now.value) && `${age(of.since, now.value)} ago`],
      ["Generation", of.generation],
      ["CPU", cpu(of.cpu)],
      ["Memory", memory(of.memory)],
      ["Address", of.url && <Link to={of.url} />],
      ["Resource", <Text of={`ailtirestack/${of.name}`} mono />],
    ]} />
  );
}

function Services({ of, detail }: { of: StackRecord; detail: StackDetail }): JSX.Element {
  if (!of.services.length) return <Empty>No service of its own.</Empty>;
  const more = new Map(detail.services.map((each) => [each.key, each]));
  return (
    <Table label="Services" heads={["Service", "State", "Ready", "Restarts", "Image", "Since", "Why"]}>
      {of.services.map((each) => (
        <tr key={each.key}>
          <th scope="row"><a href={stackAddress(of.id, each.key, carried())}><Text of={each.key} /></a></th>
          <td><StateMark of={each.state} /></td>
          <td class="number">{each.ready}/{each.wanted}</td>
          <td class="number">{each.restarts ?? ""}</td>
          <td><Text of={each.image} mono /></td>
          <td class="number">{age(more.get(each.key)?.imageSince, now.value)}</td>
          <td class="wrap"><Text of={said(each.reason, each.message)} /></td>
        </tr>
      ))}
    </Table>
  );
}

function Below({ of }: { of: readonly StackRecord[] }): JSX.Element {
  return (
    <Table label="Stacks" heads={["Stack", "State", "Services ready", "Why"]}>
      {of.map((each) => (
        <tr key={each.id}>
          <th scope="row"><a href={stackAddress(each.id, null, carried())}><Text of={each.key || each.name} /></a></th>
          <td><StateMark of={each.state} /></td>
          <td class="number">{each.servicesReady}</td>
          <td class="wrap">{!each.ready && <Text of={said(each.reason, each.message)} />}</td>
        </tr>
      ))}
    </Table>
  );
}

function Routes({ of }: { of: StackRecord }): JSX.Element {
  return (
    <Table label="Routes of the gateway" heads={["Path", "Service", "Port", "Address"]}>
      {of.routes.map((each) => (
        <tr key={`${each.path} ${each.service} ${each.port}`}>
          <th scope="row"><Text of={each.path} mono /></th>
          <td><Text of={each.service} /></td>
          <td class="number">{each.port}</td>
          <td>{each.url && <Link to={each.url} />}</td>
        </tr>
      ))}
    </Table>
  );
}

function Conditions({ of }: { of: readonly Condition[] }): JSX.Element {
  if (!of.length) return <Empty>The operator has not written any yet.</Empty>;
  return (
    <Table label="Conditions" heads={["Type", "Status", "Reason", "Message", "Since"]}>
      {of.map((each) => (
        <tr key={each.type}>
          <th scope="row"><Text of={each.type} /></th>
          <td><Text of={each.status} /></td>
          <td><Text of={each.reason} /></td>
          <td class="wrap"><Text of={each.message} /></td>
          <td class="number">{age(each.lastTransitionTime, now.value)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Owners({ of }: { of: readonly Owned[] }): JSX.Element {
  if (!of.length) return <Empty>No object is known of it.</Empty>;
  return (
    <Table label="Objects and who writes them" heads={["Kind", "Name", "Field managers"]}>
      {of.map((each) => (
        <tr key={`${each.kind}/${each.name}`}>
          <th scope="row"><Text of={each.kind} /></th>
          <td><Text of={each.name} mono /></td>
          <td class="wrap"><Text of={each.managers} /></td>
        </tr>
      ))}
    </Table>
  );
}

