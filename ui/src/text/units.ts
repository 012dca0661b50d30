/** Numbers as kubectl writes them. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `45s`, `12m`, `3h`, `5d`; empty where there is no time. */
export function age(since: string | null | undefined, now: number): string {
  const start = since ? Date.parse(since) : Number.NaN;
  if (Number.isNaN(start)) return "";
  const seconds = Math.max(0, Math.floor((now - start) / 1000));
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 2 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
}

/** Thousandths of a processor: `250m`, `1.5`. */
export function cpu(millicores: number | null | undefined): string {
  if (millicores === null || millicores === undefined) return "";
  return millicores < 1000 ? `${Math.round(millicores)}m` : (millicores / 1000).toFixed(1);
}

/** `120Mi`, `1.4Gi`. */
export function memory(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "";
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${Math.round(mebibytes)}Mi` : `${(mebibytes / 1024).toFixed(1)}Gi`;
}

/** `1 stack`, `2 stacks`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** The time of day, with the date where it is not today's. */
export function moment(time: string | null | undefined, now: number): string {
  const found = time ? new Date(time) : null;
  if (!found || Number.isNaN(found.getTime())) return "";
  const clock = found.toTimeString().slice(0, 8);
  return found.toDateString() === new Date(now).toDateString() ? clock : `${day(found)} ${clock}`;
}

/** 2026-11-30, by the clock of the one who reads it. */
export function day(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
