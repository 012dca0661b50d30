/** A stack or one of its services. */

import type { JSX } from "preact";
import { stackPath } from "../api/request";
import type { StackDetail } from "../api/types";
import { Answer } from "../common/Said";
import { stacks } from "../feed/live";
import { address } from "../router/router";
import { useResource } from "../state/resource";
import { useSettled } from "../state/settled";
import { Text } from "../text/Text";
import { EnvironmentTab } from "./EnvironmentTab";
import { EventsTab } from "./EventsTab";
import { LogsTab } from "./LogsTab";
import { ServiceOverview } from "./ServiceOverview";
import { StackOverview } from "./StackOverview";
import { tabOf } from "./tabs";
import { YamlTab } from "./YamlTab";

export function StackView({ id, service }: { id: string; service: string | null }): JSX.Element {
  const tab = tabOf(address.value.query["tab"]);
  const record = stacks.value.get(id);
  const version = useSettled(record, 1500);
  const [namespace = "", name = ""] = id.split("/");
  const needed = tab === "overview" || tab === "environment";
  const detail = useResource<StackDetail>(needed ? stackPath(namespace, name) : null, version);
  if (tab === "logs") return <LogsTab id={id} service={service} />;
  if (tab === "events") return <EventsTab id={id} service={service} version={version} />;
  if (tab === "yaml") return <YamlTab id={id} version={version} />;
  return (
    <Answer of={detail} what={tab}>
      {(data) => (
        <>
          {data.notes?.map((each) => <p key={each} class="quiet"><Text of={each} /></p>)}
          {tab === "environment" && <EnvironmentTab detail={data} service={service} />}
          {tab === "overview" && (service
            ? <ServiceOverview id={id} detail={data} service={service} />
            : <StackOverview id={id} detail={data} />)}
        </>
      )}
    </Answer>
  );
}
