/** Requests to the server of this page, which is the only one that it ever asks. */

/** Why a request has no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string = "",
    /** Whether the API server refused it for want of rights. */
    readonly denied: boolean = false,
    readonly lines: readonly string[] = [],
  ) {
    super(message);
  }
}

/** No answer at all: the program in the terminal has ended, or the network to it is gone. */
export const UNREACHABLE = 0;

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal: signal ?? null })) as T;
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return (await send(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Ailtire-UI": "1" },
    body: JSON.stringify(body),
  })) as T;
}

async function send(path: string, options: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, { ...options, credentials: "same-origin", cache: "no-store", redirect: "error" });
  } catch (fault) {
    if (options.signal?.aborted) throw fault;
    throw new ApiError(UNREACHABLE, "The server of this page does not answer.");
  }
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

async function refusal(response: Response): Promise<ApiError> {
  const said: unknown = await response.json().catch(() => null);
  return errorOf(response.status, said);
}

/** An error as the server writes it, in an answer or in an event of a stream. */
export function errorOf(status: number, said: unknown): ApiError {
  const fields = (typeof said === "object" && said !== null ? said : {}) as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const lines = Array.isArray(fields["lines"]) ? fields["lines"].map(String) : [];
  return new ApiError(status, text(fields["error"]) || `The server answers ${status}.`, text(fields["hint"]),
    fields["denied"] === true, lines);
}

/** The address below /api of a stack, or of something of it. */
export function stackPath(namespace: string, name: string, rest = "", query: Record<string, string> = {}): string {
  const path = ["/api/stacks", encodeURIComponent(namespace), encodeURIComponent(name)].join("/");
  const asked = new URLSearchParams(query).toString();
  return `${path}${rest && `/${rest}`}${asked && `?${asked}`}`;
}
