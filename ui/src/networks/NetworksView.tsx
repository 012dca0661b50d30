/** The networks: segments with their walls, and who reaches whom through them, as `reach` has it. */

import type { JSX } from "preact";
import { stackPath } from "../api/request";
import type { NetworkMember, Reach, Segment } from "../api/types";
import { Answer, Empty } from "../common/Said";
import { Table } from "../common/Table";
import { stacks } from "../feed/live";
import { address, setQuery } from "../router/router";
import { useResource } from "../state/resource";
import { useSettled } from "../state/settled";
import { line } from "../text/escape";
import { Text } from "../text/Text";
import { plural } from "../text/units";
import { inOrder, reaching, type Reaching } from "./reaching";

export function NetworksView({ id }: { id: string }): JSX.Element {
  const [namespace = "", name = ""] = id.split("/");
  const version = useSettled(stacks.value, 5000);
  const found = useResource<Reach>(stackPath(namespace, name, "reach"), version);
  return <Answer of={found} what="networks">{(reach) => <Drawing of={reach} />}</Answer>;
}

function Drawing({ of }: { of: Reach }): JSX.Element {
  const chosen = of.members.find((each) => each.id === address.value.query["member"]) ?? null;
  if (!of.members.length) return <Empty>Nothing runs in this stack, so nothing is connected.</Empty>;
  const between = chosen ? reaching(of, chosen.id) : null;
  const members = new Map(of.members.map((each) => [each.id, each]));
  const alone = of.members.filter((each) => !of.segments.some((segment) => segment.members.includes(each.id)));
  return (
    <>
      <p class="quiet">
        Each box is a network; its border is where traffic ends, but for members that are in several of them.
        Choose a member to see whom it reaches and who reaches it.
      </p>
      <div class="segments">
        {inOrder(of.segments).map((each) => (
          <SegmentBox key={`${each.stack}/${each.network}`} of={each} members={members} chosen={chosen} between={between} />
        ))}
        {alone.length > 0 && (
          <div class="segment open" role="group" aria-label="In no network">
            <h2>In no network</h2>
            {alone.map((each) => <Member key={each.id} of={each} chosen={chosen} between={between} />)}
          </div>
        )}
      </div>
      {chosen && between && <Answers of={chosen} between={between} />}
    </>
  );
}

interface Marked {
  chosen: NetworkMember | null;
  between: Reaching | null;
}

function SegmentBox({ of, members, chosen, between }: Marked & {
  of: Segment; members: ReadonlyMap<string, NetworkMember>;
}): JSX.Element {
  return (
    <div class="segment" role="group" aria-label={`Network ${of.network}`}>
      <h2><Text of={of.network} /> <span class="quiet">{plural(of.members.length, "member")}</span></h2>
      {of.members.map((each) => {
        const member = members.get(each);
        return member && <Member key={each} of={member} chosen={chosen} between={between} />;
      })}
    </div>
  );
}

function Member({ of, chosen, between }: Marked & { of: NetworkMember }): JSX.Element {
  const isChosen = of.id === chosen?.id;
  const to = between?.to.has(of.id) ?? false;
  const from = between?.from.has(of.id) ?? false;
  const word = to && from ? "both ways" : to ? "is reached" : from ? "reaches it" : "";
  const dim = chosen && !isChosen && !to && !from;
  return (
    <button type="button" class={`member${dim ? " dim" : ""}`} aria-pressed={isChosen}
      onClick={() => setQuery({ member: isChosen ? "" : of.id })}>
      <Text of={of.id} />
      {of.kind && of.kind !== "service" && <span class="quiet more"><Text of={of.kind} /></span>}
      {of.networks.length > 1 && <span class="quiet more" title={line(of.networks.join(", "))}>in {of.networks.length} networks</span>}
      {word && <span class="tag">{word}</span>}
    </button>
  );
}

function Answers({ of, between }: { of: NetworkMember; between: Reaching }): JSX.Element {
  const rows = (found: ReadonlyMap<string, unknown>): JSX.Element[] => [...found].map(([id, ports]) => (
    <tr key={id}>
      <th scope="row"><Text of={id} /></th>
      <td><Text of={ports} mono /></td>
    </tr>
  ));
  return (
    <div class="answers">
      <div>
        <h2><Text of={of.id} /> reaches</h2>
        {between.to.size ? <Table label="Reaches" heads={["Member", "Ports"]}>{rows(between.to)}</Table> : <Empty>Nobody.</Empty>}
      </div>
      <div>
        <h2>Is reached by</h2>
        {between.from.size ? <Table label="Is reached by" heads={["Member", "Ports"]}>{rows(between.from)}</Table> : <Empty>Nobody.</Empty>}
      </div>
    </div>
  );
}

