/** Only the rows that can be seen are part of the page, whatever their number. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** Rows beyond both edges, so that scrolling shows no gap. */
const MORE = 8;

export interface Window {
  first: number;
  /** Exclusive. */
  end: number;
}

export function useWindow(container: RefObject<HTMLElement | null>, count: number, height: number): Window {
  const [seen, setSeen] = useState({ top: 0, room: 1000 });

  useLayoutEffect(() => {
    const element = container.current;
    if (!element) return;
    let scheduled = 0;
    const measure = (): void => {
      scheduled = 0;
      setSeen((last) => last.top === element.scrollTop && last.room === element.clientHeight
        ? last : { top: element.scrollTop, room: element.clientHeight });
    };
    const later = (): void => {
      scheduled ||= requestAnimationFrame(measure);
    };
    const observer = new ResizeObserver(later);
    observer.observe(element);
    element.addEventListener("scroll", later, { passive: true });
    measure();
    return () => {
      cancelAnimationFrame(scheduled);
      observer.disconnect();
      element.removeEventListener("scroll", later);
    };
  }, [container.current]);

  return windowOf(seen.top, seen.room, count, height);
}

export function windowOf(top: number, room: number, count: number, height: number): Window {
  const first = Math.max(0, Math.min(Math.floor(top / height) - MORE, count - 1));
  return { first, end: Math.min(count, Math.ceil((top + room) / height) + MORE) };
}

/** Scroll as little as needed for a row to be seen. */
export function reveal(element: HTMLElement, index: number, height: number): void {
  const top = index * height;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + height > element.scrollTop + element.clientHeight) element.scrollTop = top + height - element.clientHeight;
}
