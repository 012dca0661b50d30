/** A unified diff, a line for a line. What comes and goes has its sign, not only its colour. */

import type { JSX } from "preact";
import { lines } from "../text/escape";

export function Difference({ of, label }: { of: string; label: string }): JSX.Element {
  const rows = lines(of).replace(/\n$/, "").split("\n");
  return (
    <pre class="document difference" tabIndex={0} role="region" aria-label={label} dir="ltr">
      {rows.map((each, index) => <span key={index} class={kindOf(each)}>{`${each}\n`}</span>)}
    </pre>
  );
}

export function kindOf(line: string): string {
  if (line.startsWith("+++") || line.startsWith("---")) return "file";
  if (line.startsWith("@@")) return "place";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "same";
}
