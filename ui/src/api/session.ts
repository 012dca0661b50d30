/** The session: a code that works once becomes a cookie that scripts cannot read. */

import { ApiError, post } from "./request";

const FIELD = "code";

/** Take the code out of the address, before anything else can see it there; null where there is none. */
export function takeCode(place: Location, history: History): string | null {
  const code = new URLSearchParams(place.hash.replace(/^#/, "")).get(FIELD);
  if (place.hash) history.replaceState(history.state, "", place.pathname + place.search);
  return code;
}

/** Send the code. Says what was wrong with it, or null. */
export async function open(code: string): Promise<ApiError | null> {
  try {
    await post("/api/session", { code });
    return null;
  } catch (fault) {
    if (fault instanceof ApiError) return fault;
    throw fault;
  }
}
