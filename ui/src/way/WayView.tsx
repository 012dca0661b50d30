/** The route of a request: through which gateways it goes, what each strips and asks for, and who answers. */

import type { JSX } from "preact";
import { stackPath } from "../api/request";
import type { RouteRow, Way } from "../api/types";
import { Answer, Empty } from "../common/Said";
import { StateMark } from "../common/StateMark";
import { Table } from "../common/Table";
import { stacks } from "../feed/live";
import { pageOf, stackAddress } from "../router/address";
import { address, setQuery } from "../router/router";
import { useResource } from "../state/resource";
import { useSettled } from "../state/settled";
import { Text, textOf } from "../text/Text";
import { carried } from "../tree/choice";
import { Hops } from "./Hops";
import { questionOf, stripped } from "./paths";

export function WayView({ id }: { id: string }): JSX.Element {
  const [namespace = "", name = ""] = id.split("/");
  const version = useSettled(stacks.value, 3000);
  const { host = "", path = "" } = address.value.query;
  const routes = useResource<RouteRow[]>(stackPath(namespace, name, "routes"), version);
  const way = useResource<Way>(path ? stackPath(namespace, name, "way", { host, path }) : null, version);
  return (
    <>
      <Question key={`${host} ${path}`} host={host} path={path} />
      {path && <Answer of={way} what="route">{(data) => <Hops of={data} />}</Answer>}
      <h2>All routes</h2>
      <Answer of={routes} what="routes">{(rows) => <Routes id={id} of={rows} />}</Answer>
    </>
  );
}

/** Host and path as they are typed; a whole address may be given as the path. */
function Question({ host, path }: { host: string; path: string }): JSX.Element {
  const ask = (event: SubmitEvent): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    setQuery(questionOf(String(fields.get("host") ?? ""), String(fields.get("path") ?? "")), false);
  };
  return (
    <form class="controls question" onSubmit={ask}>
      <label>Host <input name="host" type="text" defaultValue={host} placeholder="any" autocomplete="off" spellcheck={false} /></label>
      <label>Path <input name="path" type="text" defaultValue={path} placeholder="/orders/42" autocomplete="off" spellcheck={false} /></label>
      <button type="submit">Show</button>
    </form>
  );
}

function serviceOf({ stack, service }: RouteRow): JSX.Element {
  return <Text of={stack ? `${stack}/${service}` : service} />;
}

function Routes({ id, of }: { id: string; of: readonly RouteRow[] }): JSX.Element {
  if (!of.length) return <Empty>No route leads into this stack.</Empty>;
  return (
    <Table label="All routes" heads={["Host", "Path", "Service", "State", "Port", "Protocol", "Strips", "Rules"]}>
      {of.map((each, index) => (
        <tr key={index}>
          <td><Text of={each.host || "any"} mono /></td>
          <th scope="row"><a href={pageOf("way", id, { ...carried(), host: each.host, path: each.path })}>
            <Text of={each.path} mono /></a></th>
          <td>{each.id ? <a href={stackAddress(each.id, each.service, carried())}>{serviceOf(each)}</a> : serviceOf(each)}</td>
          <td>{each.state && <StateMark of={each.state} />}</td>
          <td class="number">{each.port}</td>
          <td><Text of={each.protocol} /></td>
          <td><Text of={stripped(each)} mono /></td>
          <td class="wrap">{textOf(each.rules) && <Text of={each.rules} />}</td>
        </tr>
      ))}
    </Table>
  );
}
