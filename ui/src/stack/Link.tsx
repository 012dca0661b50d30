/** An address that the cluster says: a link only where it is one of the web, and opened without a referrer. */

import type { JSX } from "preact";
import { Text } from "../text/Text";

export function Link({ to }: { to: string }): JSX.Element {
  const safe = /^https?:\/\/[^\s]+$/.test(to);
  if (!safe) return <Text of={to} mono />;
  return <a href={to} target="_blank" rel="noopener noreferrer nofollow"><Text of={to} mono /></a>;
}
