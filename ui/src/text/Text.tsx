/** Where text of the cluster becomes part of the page: always a text node, isolated from the direction of what is around. */

import type { JSX } from "preact";
import { line, lines } from "./escape";

export function Text({ of, mono = false }: { of: unknown; mono?: boolean }): JSX.Element {
  return <bdi class={mono ? "mono" : undefined}>{line(textOf(of))}</bdi>;
}

/** A document of several lines. */
export function Document({ of, label }: { of: string; label: string }): JSX.Element {
  return (
    <pre class="document" tabIndex={0} role="region" aria-label={label} dir="ltr">
      {lines(of)}
    </pre>
  );
}

/** Whatever the server sent, as text: a list with commas, an object as its fields. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .filter(([, each]) => each !== null && each !== "" && each !== false)
      .map(([name, each]) => (each === true ? name : `${name} ${textOf(each)}`))
      .join(", ");
  }
  return String(value);
}
