/** Where the arrow keys lead in the rows of a tree, as WAI-ARIA's practices for role=tree have it. Pure. */

import type { Row } from "./rows";

export type Move = { to: string } | { fold: string; open: boolean } | null;

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

export function moved(rows: readonly Row[], active: string | null, key: string): Move {
  const at = rows.findIndex((each) => each.id === active);
  const row = rows[at];
  const step = STEPS[key];
  if (step !== undefined) return to(rows[Math.min(Math.max(at + step, 0), rows.length - 1)]);
  if (key === "Home") return to(rows[0]);
  if (key === "End") return to(rows.at(-1));
  if (!row) return null;
  if (key === "ArrowRight" && row.kind === "stack") {
    if (row.open === false) return { fold: row.id, open: true };
    return row.open ? to(rows[at + 1]) : null;
  }
  if (key === "ArrowLeft") {
    if (row.kind === "stack" && row.open) return { fold: row.id, open: false };
    return to(rows.slice(0, at).findLast((each) => each.level < row.level));
  }
  return null;
}

function to(row: Row | undefined): Move {
  return row ? { to: row.id } : null;
}
