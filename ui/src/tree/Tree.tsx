/** The living tree. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { denied, link } from "../feed/live";
import { Denied, Empty, Loading } from "../common/Said";
import { address, go, setQuery } from "../router/router";
import { rowHeight } from "../state/size";
import { active, choice, fold, metrics, root, rows, selected, shown, unfoldTo } from "./choice";
import { moved } from "./movement";
import { Toolbar } from "./Toolbar";
import { TreeRow, rowAddress, rowElementId } from "./TreeRow";
import { reveal, useWindow } from "./window";

export function Tree(): JSX.Element {
  return (
    <section class={`tree-pane${metrics() ? " with-metrics" : ""}`} aria-label="Stacks and services">
      {address.value.page === "tree" && <h1 class="hidden">{root.value ? `Tree of ${root.value}` : "All trees"}</h1>}
      <Toolbar />
      <Body />
    </section>
  );
}

function Body(): JSX.Element {
  if (link.value === "loading") return <Loading what="stacks" />;
  if (denied.value) return <Denied sentence={denied.value} />;
  if (!shown.value.length) return <NoStacks />;
  if (!rows.value.length) return <NothingFound />;
  return <Rows />;
}

function NoStacks(): JSX.Element {
  const { namespace, name } = address.value;
  if (name) return <Empty>No stack {name} in namespace {namespace}. <a href="/">All trees</a></Empty>;
  return <Empty>No AiltireStack yet. <code>kubectl apply -f stack.yaml</code> makes one, and it appears here.</Empty>;
}

function NothingFound(): JSX.Element {
  return (
    <Empty>
      Nothing matches.{" "}
      <button type="button" onClick={() => setQuery({ q: "", filter: "" })}>Show all</button>
    </Empty>
  );
}

function Rows(): JSX.Element {
  const container = useRef<HTMLDivElement>(null);
  const height = rowHeight.value;
  const all = rows.value;
  const { first, end } = useWindow(container, all.length, height);
  const place = all.findIndex((each) => each.id === active.value);

  useEffect(() => {
    if (!selected.value) return;
    unfoldTo(selected.value);
    active.value = selected.value;
  }, [selected.value]);
  useEffect(() => {
    if (container.current && place >= 0) reveal(container.current, place, height);
  }, [active.value, height]);

  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = all[place];
    if ((event.key === "Enter" || event.key === " ") && row) {
      event.preventDefault();
      go(rowAddress(row));
      return;
    }
    const move = moved(all, active.value, event.key);
    if (!move) return;
    event.preventDefault();
    if ("to" in move) active.value = move.to;
    else fold(move.fold, move.open);
  };
  // The row that has the focus stays part of the page, wherever it is scrolled to.
  const outside = place >= 0 && (place < first || place >= end) ? all[place] : undefined;
  return (
    <>
      <Heads />
      <div
        ref={container}
        class="rows"
        role="tree"
        tabIndex={0}
        aria-label={choice.value.root ? `Tree of ${choice.value.root}` : "All trees"}
        {...(place >= 0 ? { "aria-activedescendant": rowElementId(all[place]?.id ?? "") } : {})}
        onKeyDown={press}
        onFocus={() => {
          if (place < 0) active.value = all[0]?.id ?? null;
        }}
      >
        <div class="spacer" role="presentation" style={{ height: `${all.length * height}px` }}>
          {all.slice(first, end).map((each, index) => <TreeRow key={each.id} row={each} top={(first + index) * height} />)}
          {outside && <TreeRow key={outside.id} row={outside} top={place * height} />}
        </div>
      </div>
    </>
  );
}

function Heads(): JSX.Element {
  return (
    <div class="heads" aria-hidden="true">
      <span class="cell name">Name</span>
      <span class="cell word">State</span>
      <span class="cell number">Ready</span>
      <span class="cell number">Restarts</span>
      <span class="cell number">Age</span>
      {metrics() && <span class="cell number">CPU</span>}
      {metrics() && <span class="cell number">Memory</span>}
      <span class="cell why">Message</span>
    </div>
  );
}
