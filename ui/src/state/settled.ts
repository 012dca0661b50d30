/** A value that changes often, as one that changes at most once in a while: for what is asked anew with each change. */

import { useEffect, useState } from "preact/hooks";

export function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  const waiting = settled !== value;
  useEffect(() => {
    if (!waiting) return;
    // The first value, of a page that has just opened, is not held back.
    const timer = window.setTimeout(() => setSettled(value), settled === undefined ? 0 : milliseconds);
    return () => window.clearTimeout(timer);
  }, [waiting, value]);
  return settled;
}
