/** What is above every view of a stack: where it is in its tree, how it is, and what else there is to see of it. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { StateMark } from "../common/StateMark";
import { Denied, Empty } from "../common/Said";
import type { ServiceRecord, StackRecord } from "../api/types";
import { denied, link, stacks } from "../feed/live";
import { pageOf, type Page, stackAddress } from "../router/address";
import { address } from "../router/router";
import { about } from "../state/session";
import { wide } from "../state/size";
import { Text } from "../text/Text";
import { carried, root } from "../tree/choice";
import { pathTo } from "../tree/rows";
import { said } from "../tree/TreeRow";
import { Actions } from "../actions/Actions";
import { TABS, tabOf } from "./tabs";

interface Props {
  id: string;
  service: string | null;
  page: Page;
  children: ComponentChildren;
}

export function StackFrame({ id, service, page, children }: Props): JSX.Element {
  const stack = stacks.value.get(id);
  const box = useRef<HTMLElement>(null);
  const tab = address.value.query["tab"];
  useEffect(() => {
    if (box.current) box.current.scrollTop = 0;
  }, [id, service, page, tab]);
  const found = stack?.services.find((each) => each.key === service);
  return (
    <section ref={box} class="detail" aria-label={service ? `Service ${service}` : `Stack ${id}`}>
      {!wide.value && <a class="back" href={root.value ? pageOf("tree", root.value) : "/"}>Tree</a>}
      <Head id={id} service={service} stack={stack} found={found} />
      <Views id={id} service={service} page={page} />
      {!stack && denied.value && <Denied sentence={denied.value} />}
      {!stack && !denied.value && link.value === "live"
        ? <Empty>No stack {id.split("/")[1]} in namespace {id.split("/")[0]}. <a href="/">All trees</a></Empty>
        : children}
    </section>
  );
}

function Head({ id, service, stack, found }: {
  id: string; service: string | null; stack: StackRecord | undefined; found: ServiceRecord | undefined;
}): JSX.Element {
  const path = pathTo(stacks.value, id);
  const of = service ? found : stack;
  const why = of && of.state !== "ready" ? said(of.reason, of.message) : "";
  return (
    <div class="head">
      <nav aria-label="Place in the tree" class="crumbs">
        <span class="quiet"><Text of={id.split("/")[0]} /></span>
        {path.slice(0, service ? undefined : -1).map((each) => (
          <a key={each.id} href={stackAddress(each.id, null, carried())}><Text of={each.key || each.name} /></a>
        ))}
      </nav>
      <div class="title">
        <h1><Text of={service ?? stack?.key ?? ""} />{!service && !stack?.key && <Text of={id.split("/")[1]} />}</h1>
        {of && <StateMark of={of.state} />}
        {about()?.allowActions && stack && <Actions stack={stack} service={found ?? null} />}
      </div>
      {why && <p class="why"><Text of={why} /></p>}
    </div>
  );
}

function Views({ id, service, page }: { id: string; service: string | null; page: Page }): JSX.Element {
  const tab = tabOf(address.value.query["tab"]);
  const kept = carried();
  return (
    <nav class="views" aria-label="Views">
      {TABS.map((each) => (
        <a key={each} href={stackAddress(id, service, { ...kept, tab: each === "overview" ? "" : each })}
          {...(page === "stack" && tab === each ? { "aria-current": "page" } : {})}>{each}</a>
      ))}
      <span class="rule" />
      <Tab to="way" label="request" at={page} id={id} />
      <Tab to="networks" label="networks" at={page} id={id} />
      <Tab to="timeline" label="timeline" at={page} id={id} />
    </nav>
  );
}

function Tab({ to, label, at, id }: { to: Page; label: string; at: Page; id: string }): JSX.Element {
  return <a href={pageOf(to, id, carried())} {...(at === to ? { "aria-current": "page" } : {})}>{label}</a>;
}
