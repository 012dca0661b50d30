/** The frame of the page: a bar, the tree, and beside it, or in its place, what the address speaks of. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Header } from "./common/Header";
import { LinkBanner } from "./common/LinkBanner";
import { Empty, Fault, Loading } from "./common/Said";
import { NoSession } from "./common/NoSession";
import { follow } from "./feed/live";
import { address } from "./router/router";
import { begin, session } from "./state/session";
import { wide } from "./state/size";
import { line } from "./text/escape";
import { NetworksView } from "./networks/NetworksView";
import { StackFrame } from "./stack/StackFrame";
import { StackView } from "./stack/StackView";
import { TimelineView } from "./timeline/TimelineView";
import { Tree } from "./tree/Tree";
import { WayView } from "./way/WayView";
import type { About } from "./api/types";

export function App(): JSX.Element {
  const now = session.value;
  const { name, page } = address.value;
  useEffect(() => {
    document.title = name ? `${line(name)} – ${page} – Ailtire` : "Ailtire";
  }, [name, page]);
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <Header />
      {now.kind === "starting" && <main id="main"><Loading what="the page" /></main>}
      {now.kind === "none" && <main id="main"><NoSession message={now.message} /></main>}
      {now.kind === "failed" && <main id="main"><Fault error={now.error} retry={() => void begin()} /></main>}
      {now.kind === "open" && <Open about={now.about} />}
    </>
  );
}

function Open({ about }: { about: About }): JSX.Element {
  const root = rootOf(about);
  useEffect(() => follow(root), [root]);
  const { page, namespace, name, service } = address.value;
  const alone = page === "tree";
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    // Where the focus was on what a link has replaced, it goes to the content, not to the start of the page.
    if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
  }, [page, namespace, name, service]);
  return (
    <>
      <LinkBanner />
      <main id="main" tabIndex={-1} class={alone ? "alone" : "beside"}>
        {page === "unknown" ? <Unknown /> : (
          <>
            {(alone || wide.value) && <Tree />}
            {!alone && <Beside />}
          </>
        )}
      </main>
    </>
  );
}

function Beside(): JSX.Element {
  const { page, namespace, name, service } = address.value;
  const id = `${namespace}/${name}`;
  return (
    <StackFrame id={id} service={service} page={page}>
      {page === "stack" && <StackView key={id} id={id} service={service} />}
      {page === "way" && <WayView key={id} id={id} />}
      {page === "networks" && <NetworksView key={id} id={id} />}
      {page === "timeline" && <TimelineView key={id} id={id} />}
    </StackFrame>
  );
}

function Unknown(): JSX.Element {
  return <Empty>There is no page at this address. <a href="/">All trees</a></Empty>;
}

function rootOf({ root, namespace }: About): string | null {
  if (!root) return null;
  return root.includes("/") ? root : `${namespace ?? "default"}/${root}`;
}
