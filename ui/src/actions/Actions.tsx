/** What may be done to a stack or a service, where the page was started with --allow-actions. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ActionRequest, ServiceRecord, StackRecord } from "../api/types";
import { ActionDialog } from "./ActionDialog";

interface Offer {
  title: string;
  request: ActionRequest;
}

export function Actions({ stack, service }: { stack: StackRecord; service: ServiceRecord | null }): JSX.Element {
  const [chosen, setChosen] = useState<Offer | null>(null);
  return (
    <div class="actions" role="group" aria-label="Actions">
      {offers(stack, service).map((each) => (
        <button key={each.request.action} type="button" onClick={() => setChosen(each)}>{each.title}</button>
      ))}
      {chosen && <ActionDialog id={stack.id} {...chosen} close={() => setChosen(null)} />}
    </div>
  );
}

/** What makes sense in the state that is shown; the API server has the last word. */
export function offers(stack: StackRecord, service: ServiceRecord | null): Offer[] {
  const state = (service ?? stack).state;
  const key = service?.key ?? null;
  if (state === "missing" || state === "deleting" || state === "template") return [];
  if (state === "stopped") return [{ title: "Start", request: { action: "start", service: key } }];
  const found: Offer[] = [
    { title: "Restart", request: { action: "restart", service: key } },
    { title: "Stop", request: { action: "stop", service: key } },
  ];
  if (service) found.push({ title: "Scale", request: { action: "scale", service: key, replicas: service.wanted } });
  return found;
}
