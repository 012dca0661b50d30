/** An action: what the API server says to a dry run of it first, and then, if somebody wants it, the action. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, post, stackPath } from "../api/request";
import type { ActionAnswer, ActionRequest } from "../api/types";
import { Difference } from "../common/Difference";
import { Fault, Loading } from "../common/Said";
import { Text } from "../text/Text";

interface Props {
  id: string;
  title: string;
  request: ActionRequest;
  close(): void;
}

type Step =
  | { kind: "asking" }
  | { kind: "dry"; answer: ActionAnswer }
  | { kind: "doing" }
  | { kind: "done"; answer: ActionAnswer }
  | { kind: "failed"; error: ApiError };

export function ActionDialog({ id, title, request, close }: Props): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  const [step, setStep] = useState<Step>({ kind: "asking" });
  const [replicas, setReplicas] = useState(request.replicas ?? 0);
  const asked: ActionRequest = request.action === "scale" ? { ...request, replicas } : request;
  const key = JSON.stringify(asked);

  useEffect(() => box.current?.showModal(), []);
  useEffect(() => {
    let current = true;
    setStep({ kind: "asking" });
    void send(id, asked, true).then((next) => {
      if (current) setStep(next);
    });
    return () => {
      current = false;
    };
  }, [id, key]);

  const confirm = async (): Promise<void> => {
    setStep({ kind: "doing" });
    setStep(await send(id, asked, false));
  };
  return (
    <dialog ref={box} class="action" aria-labelledby="action-title" onClose={close}>
      <h2 id="action-title"><Text of={title} /></h2>
      {request.action === "scale" && (
        <label class="field">Replicas{" "}
          <input type="number" min={0} max={1000} value={replicas} disabled={step.kind === "doing" || step.kind === "done"}
            onInput={(event) => setReplicas(bounded(event.currentTarget.value))} />
        </label>
      )}
      <Said step={step} />
      <div class="buttons">
        {step.kind === "dry" && changes(step.answer) && <button type="button" class="main" onClick={() => void confirm()}><Text of={title} /></button>}
        <button type="button" onClick={() => box.current?.close()}>{step.kind === "done" || step.kind === "doing" ? "Close" : "Cancel"}</button>
      </div>
    </dialog>
  );
}

function Said({ step }: { step: Step }): JSX.Element {
  if (step.kind === "asking") return <Loading what="the answer to a dry run" />;
  if (step.kind === "doing") return <p class="quiet" role="status">Sent.</p>;
  if (step.kind === "failed") return <Fault error={step.error} />;
  return (
    <div role="status">
      <p>{step.kind === "dry" && <span class="quiet">Dry run: </span>}<Text of={step.answer.sentence} /></p>
      {(step.answer.unchanged ?? []).filter((each) => each !== step.answer.sentence).map((each, index) => <p key={index} class="quiet"><Text of={each} /></p>)}
      {(step.answer.notes ?? []).map((each, index) => <p key={index}><Text of={each} /></p>)}
      {step.answer.lines.length > 0 && (
        <Difference of={step.answer.lines.join("\n")} label="What it changes" />
      )}
    </div>
  );
}

/** Whether there is anything to do: an answer names what is so already. */
export function changes({ lines, unchanged }: ActionAnswer): boolean {
  return lines.length > 0 || !unchanged?.length;
}

async function send(id: string, request: ActionRequest, dry: boolean): Promise<Step> {
  const [namespace = "", name = ""] = id.split("/");
  try {
    const query: Record<string, string> = dry ? { dryRun: "true" } : {};
    const answer = await post<ActionAnswer>(stackPath(namespace, name, "actions", query), request);
    return { kind: dry ? "dry" : "done", answer };
  } catch (fault) {
    return { kind: "failed", error: fault instanceof ApiError ? fault : new ApiError(500, String(fault)) };
  }
}

function bounded(text: string): number {
  const count = Math.trunc(Number(text));
  return Number.isFinite(count) ? Math.min(1000, Math.max(0, count)) : 0;
}
