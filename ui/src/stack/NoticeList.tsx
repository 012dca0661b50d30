/** What does not run exactly as it is written, and what helps. */

import type { JSX } from "preact";
import type { Notice, StackDetail } from "../api/types";
import { Empty } from "../common/Said";
import { Text } from "../text/Text";

export function noticesOf(detail: StackDetail): readonly Notice[] {
  return Array.isArray(detail.notices) ? detail.notices : detail.notices?.notices ?? [];
}

export function NoticeList({ of }: { of: readonly Notice[] }): JSX.Element {
  if (!of.length) return <Empty>None: everything runs as it is written.</Empty>;
  return (
    <ul class="notices">
      {of.map((each, index) => (
        <li key={index}>
          <span class="tag"><Text of={each.classification} /></span> <Text of={each.path} mono />
          <p><Text of={each.message} /></p>
          {each.remedy && <p class="remedy"><span class="quiet">Remedy:</span> <Text of={each.remedy} /></p>}
        </li>
      ))}
    </ul>
  );
}
