/** Whether the page may ask, and what it was started with. */

import { signal } from "@preact/signals";
import { ApiError, get } from "../api/request";
import { open, takeCode } from "../api/session";
import type { About } from "../api/types";

export type Session =
  | { kind: "starting" }
  | { kind: "open"; about: About }
  | { kind: "none"; message: string }
  | { kind: "failed"; error: ApiError };

export const session = signal<Session>({ kind: "starting" });

export function about(): About | null {
  return session.value.kind === "open" ? session.value.about : null;
}

/** Turn the code of the address into a session, and ask what this page shows. */
export async function begin(): Promise<void> {
  const code = takeCode(location, history);
  const refused = code ? await open(code) : null;
  try {
    session.value = { kind: "open", about: await get<About>("/api/about") };
  } catch (fault) {
    if (!(fault instanceof ApiError)) throw fault;
    session.value = fault.status === 401
      ? { kind: "none", message: refused?.message ?? "" }
      : { kind: "failed", error: fault };
  }
}
