/** Search, filter by state, and folds. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { State } from "../api/types";
import { Shape } from "../common/StateMark";
import { address, setQuery } from "../router/router";
import { plural } from "../text/units";
import { Text } from "../text/Text";
import { choice, counts, foldAll, root, shown, unfoldAll } from "./choice";
import { GROUPS } from "./states";

export function Toolbar(): JSX.Element {
  return (
    <div class="toolbar">
      <Search />
      <div class="chips" role="group" aria-label="Filter by state">
        {GROUPS.map((group) => {
          const on = choice.value.group === group;
          return (
            <button key={group} type="button" class="chip" aria-pressed={on} disabled={!on && !counts.value[group]}
              onClick={() => setQuery({ filter: on ? "" : group }, false)}>
              <Shape of={group as State} />{group} <span class="tally">{counts.value[group]}</span>
            </button>
          );
        })}
      </div>
      <span class="quiet total">{plural(shown.value.length, "stack")}</span>
      <span class="folds">
        <button type="button" class="plain" onClick={foldAll}>Fold all</button>
        <button type="button" class="plain" onClick={unfoldAll}>Unfold all</button>
      </span>
      {root.value && (
        <span class="scope">
          <Text of={root.value} /> <a href="/">all trees</a>
        </span>
      )}
    </div>
  );
}

function Search(): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if ((event.target as Element | null)?.closest("input, textarea, select, dialog")) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  return (
    <input
      ref={field}
      type="search"
      class="search"
      placeholder="Search ( / )"
      aria-label="Search by name, image or reason"
      aria-keyshortcuts="/"
      autocomplete="off"
      spellcheck={false}
      value={address.value.query["q"] ?? ""}
      onInput={(event) => setQuery({ q: event.currentTarget.value })}
    />
  );
}
