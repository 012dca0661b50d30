/** The log of a service, as it is written. */

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type ApiError, stackPath } from "../api/request";
import { listen } from "../api/stream";
import type { LogLine } from "../api/types";
import { Empty, Fault, Loading } from "../common/Said";
import { stacks } from "../feed/live";
import { address, setQuery } from "../router/router";
import { lines } from "../text/escape";
import { appended, NOTHING } from "./logBuffer";

const TAIL = "200";

export function LogsTab({ id, service }: { id: string; service: string | null }): JSX.Element {
  const keys = stacks.value.get(id)?.services.map((each) => each.key) ?? [];
  const chosen = service ?? address.value.query["service"] ?? keys[0] ?? null;
  // The log of an instance that has ended does not grow.
  const previous = address.value.query["previous"] === "yes";
  const following = !previous && address.value.query["follow"] !== "no";
  return (
    <>
      <div class="controls">
        {service === null && (
          <label>Service <select value={chosen ?? ""} onChange={(event) => setQuery({ service: event.currentTarget.value })}>
            {keys.map((each) => <option key={each} value={each}>{each}</option>)}
          </select></label>
        )}
        <label><input type="checkbox" checked={following} disabled={previous}
          onChange={(event) => setQuery({ follow: event.currentTarget.checked ? "" : "no" })} /> Follow</label>
        <label><input type="checkbox" checked={previous}
          onChange={(event) => setQuery({ previous: event.currentTarget.checked ? "yes" : "" })} /> Before the last restart</label>
      </div>
      {chosen ? <Log key={`${id}/${chosen}/${following}/${previous}`} id={id} service={chosen} follow={following} previous={previous} />
        : <Empty>No service of its own.</Empty>}
    </>
  );
}

type Status = "loading" | "open" | "ended" | "lost";

function Log({ id, service, follow, previous }: {
  id: string; service: string; follow: boolean; previous: boolean;
}): JSX.Element {
  const [shown, setShown] = useState(NOTHING);
  const [status, setStatus] = useState<Status>("loading");
  const [error, setError] = useState<ApiError | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  // How far down it was when it was last at its end; where somebody reads above, no line comes to that.
  const end = useRef(0);

  useEffect(() => {
    const [namespace = "", name = ""] = id.split("/");
    let fresh: (LogLine | string)[] = [];
    let frame = 0;
    const flush = (): void => {
      frame = 0;
      const more = fresh;
      fresh = [];
      // Asked now: the event of somebody's scrolling may come after these lines.
      atEnd.current = !box.current || isAtEnd(box.current, end.current);
      setShown((last) => appended(last, more));
    };
    const add = (one: LogLine | string): void => {
      fresh.push(one);
      frame ||= window.setTimeout(flush, 50);
    };
    const stop = listen(
      stackPath(namespace, name, "logs", { service, tail: TAIL, follow: String(follow), previous: String(previous) }),
      ["line", "note", "end"],
      {
        opened: () => {
          // A stream that is opened again begins with its last lines again.
          fresh = [];
          setShown(NOTHING);
          setStatus("open");
          setError(null);
        },
        event: (kind, data) => {
          if (kind === "line") add(data as LogLine);
          else if (kind === "note") add(String((data as { text?: unknown } | null)?.text ?? ""));
          else {
            window.clearTimeout(frame);
            flush();
            setStatus("ended");
            stop();
          }
        },
        closed: (reason) => {
          setError(reason);
          setStatus("lost");
        },
      },
      follow,
    );
    return () => {
      window.clearTimeout(frame);
      stop();
    };
  }, [id, service, follow, previous]);

  useLayoutEffect(() => {
    if (!box.current) return;
    if (follow && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
    end.current = atEnd.current ? box.current.scrollTop : Number.POSITIVE_INFINITY;
  }, [shown]);

  const several = new Set(shown.rows.flatMap(({ line }) => (line ? [line.pod] : []))).size > 1;
  return (
    <>
      {error && <Fault error={error} />}
      {status === "loading" && <Loading what="log" />}
      {status !== "loading" && !shown.rows.length && !error && <Empty>Nothing is written yet.</Empty>}
      <div ref={box} class="log" role="log" aria-live="off" tabIndex={0} aria-label={`Log of ${service}`}>
        {shown.rows.map(({ key, line, text }) => line ? (
          <div key={key}>
            <span class="quiet">
              <time dateTime={line.time} title={line.time}>{clock(line.time)}</time> {several && <bdi>{lines(line.pod)} </bdi>}
            </span>
            <bdi>{lines(text)}</bdi>
          </div>
        ) : <div key={key} class="note">{lines(text)}</div>)}
      </div>
      {status === "ended" && <p class="quiet">The log has ended.</p>}
    </>
  );
}

/** Whether the newest line is in view, or was before the window became smaller. */
function isAtEnd(element: HTMLElement, end: number): boolean {
  return element.scrollTop >= end - 1 || element.scrollTop + element.clientHeight >= element.scrollHeight - 8;
}

function clock(time: string): string {
  const found = new Date(time);
  return Number.isNaN(found.getTime()) ? "" : found.toTimeString().slice(0, 8);
}
