/** What the server answers: the shapes of `tree -o json` and its siblings (docs/cli.md), as this page reads them. */

export type State =
  | "ready" | "progressing" | "trouble" | "stalled" | "suspended" | "stopped" | "deleting" | "missing" | "template";

export interface About {
  version: string;
  context: string | null;
  cluster: string | null;
  user: string | null;
  /** The only namespace that is shown; null for all. */
  namespace: string | null;
  /** The stack that was named in the terminal; null for all trees. */
  root: string | null;
  allowActions: boolean;
  metrics: boolean;
}

export interface Blocker {
  path: string[] | string;
  subject: string;
  replicas?: string;
  reason: string;
  message: string;
}

export interface ServiceRecord {
  key: string;
  kind: string;
  name: string;
  image: string | null;
  state: State;
  ready: number;
  wanted: number;
  reason: string;
  message: string;
  restarts: number | null;
  since: string | null;
  /** In thousandths of a processor. */
  cpu: number | null;
  /** In bytes. */
  memory: number | null;
}

export interface TreeRoute {
  path: string;
  service: string;
  port: number;
  url: string;
}

export interface StackRecord {
  /** NAMESPACE/NAME. */
  id: string;
  namespace: string;
  name: string;
  /** In its parent; empty for a root. */
  key: string;
  parent: string | null;
  root: string;
  depth: number;
  state: State;
  ready: boolean;
  reason: string;
  message: string;
  blocker: Blocker | null;
  /** As 2/3, of the subtree. */
  servicesReady: string;
  stacksReady: string;
  url: string;
  notices: number;
  created: string | null;
  generation: number;
  restarts: number | null;
  since: string | null;
  cpu: number | null;
  memory: number | null;
  services: ServiceRecord[];
  routes: TreeRoute[];
}

export interface Snapshot {
  time: string;
  stacks: StackRecord[];
  denied: string | null;
  notes: string[];
}

export interface Change {
  set: StackRecord[];
  gone: string[];
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface Pod {
  name: string;
  node: string | null;
  phase: string;
  ready: boolean | string;
  restarts: number;
  started: string | null;
  reason: string | null;
  image: string | null;
}

export interface Variable {
  name: string;
  value?: string | null;
  from?: unknown;
  /** A value that looks like a credential is not sent. */
  hidden?: boolean;
  ailtire: boolean;
}

/** Where a service is called: a route of its gateway (path), or a port for other services. */
export interface Interface {
  path?: string;
  name?: string;
  port: number | string;
  protocol?: string;
  published?: number | string | null;
  url?: string | null;
}

export interface ServiceDetail {
  key: string;
  kind: string;
  name: string;
  image: string | null;
  imageSince: string | null;
  replicas: number | null;
  ready: number | null;
  pods: Pod[] | null;
  environment: Variable[] | null;
  networks: unknown[] | null;
  interfaces: Interface[] | null;
}

export interface Notice {
  stack: string;
  path: string;
  classification: string;
  message: string;
  remedy?: string;
}

export interface Owned {
  kind: string;
  name: string;
  managers: unknown[];
}

export interface StackDetail {
  stack: Partial<StackRecord> & Record<string, unknown>;
  conditions: Condition[];
  services: ServiceDetail[];
  notices: { counts?: Record<string, number>; notices: Notice[] } | Notice[];
  owners: Owned[];
  /** What may not be read, a sentence each. */
  notes?: string[];
}

export interface EventRecord {
  time: string;
  type: string;
  reason: string;
  path: string;
  kind: string;
  name: string;
  count: number;
  source: string;
  message: string;
}

export interface Documents {
  written: string;
  rendered: string;
  live: string;
  difference: string;
  notes?: string[];
}

export interface LogLine {
  /** The service's path in its tree. */
  path?: string;
  pod: string;
  container: string;
  time: string;
  text: string;
}

export interface RouteRow {
  host: string;
  path: string;
  stack: string;
  service: string;
  port: number | string;
  protocol: string;
  /** NAMESPACE/NAME of the stack that has the service. */
  id?: string | null;
  state: State;
  reason?: string;
  rules: unknown[];
  strips: unknown;
  /** What is sent in place of what is stripped, where it is not nothing. */
  becomes?: string | null;
}

export interface Hop {
  gateway: string;
  stack: string;
  matched: string;
  strips: unknown;
  becomes?: string | null;
  /** The key of what it forwards to: a child stack, or the service that answers. */
  service?: string;
  forwards: unknown;
  rules: unknown[];
  state: State;
  ready: number | null;
  wanted: number | null;
  reason?: string;
}

/** What is in front of the outermost gateway. */
export interface Edge {
  kind: string;
  stack: string;
  hosts: string[];
  secure: boolean;
  reason?: string | null;
}

/** The service that answers. */
export interface Answering {
  /** NAMESPACE/NAME of its stack. */
  id?: string | null;
  path: string;
  stack: string;
  key: string;
  port: number | string;
  protocol: string;
  state: State;
  ready: number | null;
  wanted: number | null;
  reason?: string;
}

export interface Way {
  host: string;
  path: string;
  answer: "found" | "none";
  message: string;
  edge?: Edge | null;
  hops: Hop[];
  service?: Answering | null;
}

export interface NetworkMember {
  /** As `reach` names it: shop/orders/api. */
  id: string;
  stack: string;
  key: string;
  /** service, gateway, pod or outside. */
  kind?: string;
  networks: string[];
}

export interface Segment {
  network: string;
  stack: string;
  members: string[];
}

export interface Reach {
  members: NetworkMember[];
  segments: Segment[];
  reaches: [from: string, to: string, ports: unknown][];
}

export type EntryKind = "definition" | "rollout" | "rollback" | "restart" | "failure" | "event";

export interface TimelineEntry {
  time: string;
  kind: EntryKind;
  /** NAMESPACE/NAME of the stack. */
  id?: string | null;
  /** Its path in the tree: shop/orders. */
  stack: string;
  service: string | null;
  revision: number | null;
  by: string | null;
  title: string;
  detail: string | null;
}

export interface Revision {
  number: number;
  time: string;
  by: string | null;
  definition: string;
  difference: string;
}

export type ActionName = "restart" | "stop" | "start" | "scale" | "rollback";

export interface ActionRequest {
  action: ActionName;
  service: string | null;
  replicas?: number;
  revision?: number;
}

export interface ActionAnswer {
  done: boolean;
  sentence: string;
  lines: string[];
  unchanged?: string[];
  notes?: string[];
}
