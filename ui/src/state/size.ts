/** The room that the page has, where the layout of the tree depends on it. */

import { computed, signal } from "@preact/signals";

const NARROW = "(max-width: 45rem)";
const WIDE = "(min-width: 68rem)";

export const narrow = media(NARROW);
/** Whether the tree and a stack have room beside each other. */
export const wide = media(WIDE);
const rem = signal(remNow());

/** Of a row of the tree, in pixels: of two lines where there is no room for columns. Follows style/tree.css. */
export const rowHeight = computed(() => Math.round(rem.value * (narrow.value ? 3 : 1.75)));

function media(query: string): { readonly value: boolean } {
  const list = window.matchMedia(query);
  const found = signal(list.matches);
  list.addEventListener("change", () => {
    found.value = list.matches;
  });
  return found;
}

function remNow(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}

window.addEventListener("resize", () => {
  rem.value = remNow();
});
