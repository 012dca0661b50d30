/** Something that is asked of the server once, and again when its address or the stack's generation changes. */

import { useEffect, useState } from "preact/hooks";
import { ApiError, get } from "../api/request";

export interface Loaded<T> {
  /** The last good answer for this path. */
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload(): void;
}

/** `version` is anything that says when the answer may be another; `every` seconds it is asked in any case. */
export function useResource<T>(path: string | null, version: unknown = "", every = 0): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: ApiError | null }>(
    { path: null, data: null, error: null });
  const [round, setRound] = useState(0);

  useEffect(() => {
    if (!path) return;
    const control = new AbortController();
    get<T>(path, control.signal).then(
      (data) => {
        setState({ path, data, error: null });
      },
      (fault: unknown) => {
        if (control.signal.aborted) return;
        const error = fault instanceof ApiError ? fault : new ApiError(500, String(fault));
        setState((last) => ({ path, data: last.path === path ? last.data : null, error }));
      },
    );
    return () => control.abort();
  }, [path, version, round]);

  useEffect(() => {
    if (!path || !every) return;
    const timer = window.setInterval(() => {
      if (!document.hidden) setRound((last) => last + 1);
    }, every * 1000);
    return () => window.clearInterval(timer);
  }, [path, every]);

  const current = state.path === path;
  return {
    data: current ? state.data : null,
    error: current ? state.error : null,
    loading: Boolean(path) && !current,
    reload: () => setRound((last) => last + 1),
  };
}
