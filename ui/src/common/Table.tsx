/** A table that scrolls by itself where there is no room. */

import type { ComponentChildren, JSX } from "preact";

export function Table({ label, heads, children }: {
  label: string; heads: readonly string[]; children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>{heads.map((each) => <th key={each} scope="col">{each}</th>)}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
