/** The addresses of the page, both ways. Pure. */

export type Page = "tree" | "stack" | "way" | "networks" | "timeline" | "unknown";
export type Query = Readonly<Record<string, string>>;

export interface Address {
  page: Page;
  /** Null where all trees are shown. */
  namespace: string | null;
  name: string | null;
  /** The key of a service of the stack. */
  service: string | null;
  query: Query;
}

const OF_A_STACK: ReadonlySet<string> = new Set(["tree", "stack", "way", "networks", "timeline"]);

export function parse(path: string, search: string): Address {
  const query = Object.fromEntries(new URLSearchParams(search));
  const parts = path.split("/").filter(Boolean).map(decoded);
  const [page = "tree", namespace = null, name = null, service = null, ...more] = parts;
  const unknown: Address = { page: "unknown", namespace: null, name: null, service: null, query };
  if (parts.length === 0) return { page: "tree", namespace: null, name: null, service: null, query };
  if (!OF_A_STACK.has(page) || !namespace || !name || more.length) return unknown;
  if (service && page !== "stack") return unknown;
  return { page: page as Page, namespace, name, service, query };
}

export function format(address: Partial<Address> & { page: Page }): string {
  const parts = address.namespace && address.name
    ? [address.page, address.namespace, address.name, address.service ?? ""].filter(Boolean).map(encodeURIComponent)
    : [];
  const query = Object.entries(address.query ?? {}).filter(([, value]) => value !== "");
  const search = new URLSearchParams(query).toString();
  return `/${parts.join("/")}${search && `?${search}`}`;
}

/** The address of a stack or of its service, and what of it is shown. */
export function stackAddress(id: string, service: string | null = null, query: Query = {}): string {
  return pageOf("stack", id, query, service);
}

export function pageOf(page: Page, id: string, query: Query = {}, service: string | null = null): string {
  const [namespace = "", name = ""] = id.split("/");
  return format({ page, namespace, name, service, query });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
