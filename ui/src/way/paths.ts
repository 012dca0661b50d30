/** What a gateway takes off a path. Pure. */

import { textOf } from "../text/Text";

/** `/orders`, or `/orders to /v2` where something else is sent in its place. */
export function stripped({ strips, becomes }: { strips: unknown; becomes?: string | null }): string {
  const text = textOf(strips);
  return text && becomes && becomes !== "/" ? `${text} to ${becomes}` : text;
}

/** Host and path as they were typed; a whole address may be given as the path. */
export function questionOf(host: string, path: string): { host: string; path: string } {
  const whole = /^https?:\/\/([^/]+)(\/.*)?$/.exec(path.trim());
  if (whole) return { host: whole[1] ?? "", path: whole[2] ?? "/" };
  const asked = path.trim() || "/";
  return { host: host.trim(), path: asked.startsWith("/") ? asked : `/${asked}` };
}
