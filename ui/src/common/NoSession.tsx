/** How to get in. */

import type { JSX } from "preact";
import { Text } from "../text/Text";

export function NoSession({ message }: { message: string }): JSX.Element {
  return (
    <div class="said" role="alert">
      <h1>No session</h1>
      {message && <p><Text of={message} /></p>}
      <p>Open the address that the terminal printed. Its code works once, within ten minutes.</p>
      <p>For a new one stop the command in the terminal (Ctrl-C) and start it again:</p>
      <pre class="document">kubectl ailtire ui</pre>
    </div>
  );
}
