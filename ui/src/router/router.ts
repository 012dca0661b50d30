/** The browser's address as state of the page. */

import { computed, signal } from "@preact/signals";
import { format, parse, type Query } from "./address";

const place = signal(location.pathname + location.search);

export const address = computed(() => {
  const [path = "/", search = ""] = place.value.split("?", 2);
  return parse(path, search);
});

export function go(target: string, replace = false): void {
  if (target === place.value) return;
  if (replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  place.value = target;
}

/** Change the query alone; an empty value takes its field away. Without an entry in the history while somebody types. */
export function setQuery(change: Query, replace = true): void {
  const now = address.value;
  go(format({ ...now, query: { ...now.query, ...change } }), replace);
}

/** Follow links of the page inside the page, but for those that are to open elsewhere. */
export function start(): void {
  window.addEventListener("popstate", () => {
    place.value = location.pathname + location.search;
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest("a");
    if (!link || link.target || link.origin !== location.origin || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
