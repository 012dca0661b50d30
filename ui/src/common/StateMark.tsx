/** A state: a shape of its own, its colour, and its word. */

import type { JSX } from "preact";
import type { State } from "../api/types";
import { line } from "../text/escape";

const SHAPES: Readonly<Record<State, JSX.Element>> = {
  ready: <circle cx="6" cy="6" r="4.5" class="fill" />,
  progressing: <><circle cx="6" cy="6" r="4.5" class="stroke" /><path d="M6 1.5a4.5 4.5 0 0 1 0 9Z" class="fill" /></>,
  trouble: <path d="M6 1 11.5 11H.5Z" class="fill" />,
  stalled: <path d="M3.8 1h4.4L11 3.8v4.4L8.2 11H3.8L1 8.2V3.8Z" class="fill" />,
  missing: <circle cx="6" cy="6" r="4.5" class="stroke dashed" />,
  stopped: <path d="M2 2h8v8H2Z" class="stroke" />,
  suspended: <path d="M3.5 1.5v9M8.5 1.5v9" class="stroke" />,
  deleting: <path d="m2 2 8 8M10 2l-8 8" class="stroke" />,
  template: <path d="M6 1 11 6 6 11 1 6Z" class="stroke" />,
};

export function Shape({ of }: { of: State }): JSX.Element {
  return (
    <svg class={`shape state-${SHAPES[of] ? of : "trouble"}`} viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[of] ?? SHAPES.trouble}
    </svg>
  );
}

export function StateMark({ of }: { of: State }): JSX.Element {
  return (
    <span class="state">
      <Shape of={of} />
      <span class={`state-${SHAPES[of] ? of : "trouble"}`}>{line(String(of))}</span>
    </span>
  );
}
