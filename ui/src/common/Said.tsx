/** What a page says in place of what it would show: nothing there, not yet, not allowed, or a fault. */

import type { ComponentChildren, JSX } from "preact";
import { type ApiError, UNREACHABLE } from "../api/request";
import type { Loaded } from "../state/resource";
import { Text } from "../text/Text";

export function Empty({ children }: { children: ComponentChildren }): JSX.Element {
  return <p class="said quiet">{children}</p>;
}

export function Loading({ what }: { what: string }): JSX.Element {
  return <p class="said quiet" role="status">Loading {what}…</p>;
}

export function Denied({ sentence }: { sentence: string }): JSX.Element {
  return (
    <div class="said" role="alert">
      <h2>Not permitted</h2>
      <p class="mono"><Text of={sentence} /></p>
      <p class="quiet">This page has the rights of your kubeconfig. An administrator of the cluster grants what is missing.</p>
    </div>
  );
}

export function Fault({ error, retry }: { error: ApiError; retry?: () => void }): JSX.Element {
  if (error.denied) return <Denied sentence={error.message} />;
  return (
    <div class="said" role="alert">
      <h2>{heading(error.status)}</h2>
      <p><Text of={error.message} /></p>
      {error.lines.map((each, index) => <p key={index}><Text of={each} /></p>)}
      {error.hint && <p class="quiet"><Text of={error.hint} /></p>}
      {retry && <button type="button" onClick={retry}>Try again</button>}
    </div>
  );
}

function heading(status: number): string {
  if (status === 0) return "No answer";
  if (status === 404) return "Not found";
  if (status === 503) return "The cluster does not answer";
  return "Not shown";
}

/** The answer, or what stands in for it. An older answer is shown below a fault; that nobody answers the bar says too. */
export function Answer<T>({ of, what, children }: {
  of: Loaded<T>; what: string; children: (data: T) => ComponentChildren;
}): JSX.Element {
  return (
    <>
      {of.error && !(of.data !== null && of.error.status === UNREACHABLE) && <Fault error={of.error} retry={of.reload} />}
      {of.data !== null ? children(of.data) : !of.error && <Loading what={what} />}
    </>
  );
}
