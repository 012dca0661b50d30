/** The time that ages are counted from; every few seconds is enough for them. */

import { signal } from "@preact/signals";

export const now = signal(Date.now());

window.setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 5000);
document.addEventListener("visibilitychange", () => {
  now.value = Date.now();
});
