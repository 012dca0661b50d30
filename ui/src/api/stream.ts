/** Server-sent events, with what the browser's own EventSource leaves out: why a stream ended, and when to try again. */

import { ApiError, errorOf, get, UNREACHABLE } from "./request";

export interface Handlers {
  /** One event; its data has been read as JSON. */
  event(name: string, data: unknown): void;
  /** The stream is open, for the first time or again. */
  opened(): void;
  /** It is not, for this reason. */
  closed(reason: ApiError): void;
}

const LONGEST = 15_000;
/** How long a page that nobody sees keeps its streams: a browser has six connections to a server, for all its windows. */
const HIDDEN = 10_000;

/**
 * Read a stream until it is closed by the function that is returned. While the page is hidden it is closed, and opened
 * again, with what it begins with, when somebody sees the page.
 */
export function listen(path: string, names: readonly string[], handlers: Handlers, again = true): () => void {
  let source: EventSource | null = null;
  let timer = 0;
  let wait = 500;
  let ended = false;
  let asleep = 0;
  let paused = false;

  const start = (): void => {
    source = new EventSource(path);
    source.onopen = () => {
      wait = 500;
      handlers.opened();
    };
    for (const name of names) source.addEventListener(name, (event) => handlers.event(name, parse(event)));
    source.addEventListener("error", (event) => {
      // An event of the server's with this name has data; the browser's own, about the connection, has none.
      if (event instanceof MessageEvent) failed(errorOf(500, parse(event)));
      else void lost();
    });
  };
  const lost = async (): Promise<void> => {
    source?.close();
    const reason = await whyNot();
    if (!ended) failed(reason);
  };
  const failed = (reason: ApiError): void => {
    source?.close();
    if (ended || paused) return;
    handlers.closed(reason);
    // Neither a session nor a right comes by asking again.
    if (!again || reason.status === 401 || reason.denied) return;
    timer = window.setTimeout(retry, wait);
    wait = Math.min(wait * 2, LONGEST);
  };
  const retry = (): void => {
    if (document.hidden) paused = true;
    else start();
  };
  const pause = (): void => {
    paused = true;
    window.clearTimeout(timer);
    source?.close();
  };
  const seen = (): void => {
    window.clearTimeout(asleep);
    if (document.hidden) asleep = window.setTimeout(pause, HIDDEN);
    else if (paused) {
      paused = false;
      start();
    }
  };
  if (again) document.addEventListener("visibilitychange", seen);
  start();
  return () => {
    ended = true;
    document.removeEventListener("visibilitychange", seen);
    window.clearTimeout(asleep);
    window.clearTimeout(timer);
    source?.close();
  };
}

function parse(event: Event): unknown {
  const text: unknown = (event as MessageEvent).data;
  try {
    return typeof text === "string" && text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Why a stream broke off: the browser does not say, so another request asks. */
async function whyNot(): Promise<ApiError> {
  try {
    await get("/api/about");
  } catch (fault) {
    if (fault instanceof ApiError) return fault;
  }
  return new ApiError(UNREACHABLE, "The connection to the server of this page was lost.");
}
