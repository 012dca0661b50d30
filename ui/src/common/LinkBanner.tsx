/** What is known of a connection that is not there; what was shown before stays. */

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { heard, link, notes, problem } from "../feed/live";
import { now } from "../state/clock";
import { Text } from "../text/Text";
import { moment } from "../text/units";
import { NoSession } from "./NoSession";

/** Notes that somebody has read, until the page is loaded anew. */
const hidden = signal<ReadonlySet<string>>(new Set());

export function LinkBanner(): JSX.Element | null {
  const why = problem.value;
  if (link.value === "lost" && why instanceof Error && why.status === 401) return <NoSession message="" />;
  const since = heard.value ? ` Shown is the state of ${moment(new Date(heard.value).toISOString(), now.value)}.` : "";
  if (link.value === "lost") {
    return (
      <div class="banner" role="alert">
        <strong>Connection lost.</strong> Is <code>kubectl ailtire ui</code> still running?{since} Trying again.
      </div>
    );
  }
  if (link.value === "outage") {
    return (
      <div class="banner" role="alert">
        <strong>The cluster does not answer.</strong> <Text of={why instanceof Error ? why.message : why} />{since}
      </div>
    );
  }
  const said = notes.value.filter((each) => !hidden.value.has(each));
  if (!said.length) return null;
  return (
    <div class="banner note" role="status">
      <div>{said.map((each) => <p key={each}><Text of={each} /></p>)}</div>
      <button type="button" class="plain" onClick={() => (hidden.value = new Set(notes.value))}>Hide</button>
    </div>
  );
}
