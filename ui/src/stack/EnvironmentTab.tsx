/** The environment of a service's containers; what the operator adds is marked. */

import type { JSX } from "preact";
import type { ServiceDetail, StackDetail, Variable } from "../api/types";
import { Empty } from "../common/Said";
import { Table } from "../common/Table";
import { Text } from "../text/Text";

export function EnvironmentTab({ detail, service }: { detail: StackDetail; service: string | null }): JSX.Element {
  const chosen = detail.services.filter((each) => service === null || each.key === service);
  if (!chosen.length) return <Empty>{service ? `No service ${service} in this stack.` : "No service of its own."}</Empty>;
  return <>{chosen.map((each) => <Variables key={each.key} of={each} />)}</>;
}

function Variables({ of }: { of: ServiceDetail }): JSX.Element {
  return (
    <>
      <h2><Text of={of.key} /></h2>
      {of.environment === null && <Empty>Its workload may not be read with these rights.</Empty>}
      {of.environment?.length === 0 && <Empty>No variable.</Empty>}
      {of.environment && of.environment.length > 0 && (
        <Table label={`Environment of ${of.key}`} heads={["Name", "Value", "Set by"]}>
          {of.environment.map((each) => (
            <tr key={each.name}>
              <th scope="row"><Text of={each.name} mono /></th>
              <td class="wrap">{value(each)}</td>
              <td>{each.ailtire ? <span class="tag">operator</span> : <span class="quiet">definition</span>}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}

function value(of: Variable): JSX.Element {
  if (of.hidden) return <span class="quiet">hidden, as it looks like a credential</span>;
  if (of.from) return <span class="quiet">from <Text of={of.from} mono /></span>;
  return of.value === "" ? <span class="quiet">empty</span> : <Text of={of.value} mono />;
}
