/** The definition as it is written, what the operator makes of it, what stands in the cluster, and the difference. */

import type { JSX } from "preact";
import { stackPath } from "../api/request";
import type { Documents } from "../api/types";
import { Difference } from "../common/Difference";
import { Answer, Empty } from "../common/Said";
import { address, setQuery } from "../router/router";
import { useResource } from "../state/resource";
import { Document, Text } from "../text/Text";

const SHOWN = ["written", "rendered", "live", "difference"] as const;
type Shown = (typeof SHOWN)[number];
const LABELS: Readonly<Record<Shown, string>> = {
  written: "As it is written",
  rendered: "As it is rendered",
  live: "In the cluster",
  difference: "Difference of rendered and live",
};

export function YamlTab({ id, version }: { id: string; version: unknown }): JSX.Element {
  const [namespace = "", name = ""] = id.split("/");
  const found = useResource<Documents>(stackPath(namespace, name, "yaml"), version);
  const shown = SHOWN.find((each) => each === address.value.query["show"]) ?? "written";
  return (
    <>
      <div class="controls" role="group" aria-label="Which document">
        {SHOWN.map((each) => (
          <button key={each} type="button" class="chip" aria-pressed={each === shown}
            onClick={() => setQuery({ show: each === "written" ? "" : each }, false)}>{LABELS[each]}</button>
        ))}
      </div>
      <Answer of={found} what="definition">
        {(documents) => (
          <>
            {documents.notes?.map((each) => <p key={each} class="quiet"><Text of={each} /></p>)}
            <Shown of={documents[shown] ?? ""} shown={shown} />
          </>
        )}
      </Answer>
    </>
  );
}

function Shown({ of, shown }: { of: string; shown: Shown }): JSX.Element {
  if (shown === "difference") {
    return of ? <Difference of={of} label={LABELS[shown]} /> : <Empty>None: the cluster has what the operator renders.</Empty>;
  }
  return of ? <Document of={of} label={LABELS[shown]} /> : <Empty>Nothing.</Empty>;
}
