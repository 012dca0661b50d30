import type { ServiceRecord, StackRecord } from "../src/api/types";
import type { Stacks } from "../src/feed/merge";

export function service(key: string, more: Partial<ServiceRecord> = {}): ServiceRecord {
  return {
    key, kind: "Deployment", name: key, image: `${key}:1`, state: "ready", ready: 1, wanted: 1, reason: "", message: "",
    restarts: 0, since: null, cpu: null, memory: null, ...more,
  };
}

export function stack(id: string, more: Partial<StackRecord> = {}): StackRecord {
  const [namespace = "", name = ""] = id.split("/");
  return {
    id, namespace, name, key: "", parent: null, root: id, depth: 0, state: "ready", ready: true, reason: "", message: "",
    blocker: null, servicesReady: "1/1", stacksReady: "0/0", url: "", notices: 0, created: null, generation: 1,
    restarts: 0, since: null, cpu: null, memory: null, services: [], routes: [], ...more,
  };
}

export function child(id: string, parent: string, key: string, more: Partial<StackRecord> = {}): StackRecord {
  return stack(id, { parent, key, root: parent, depth: 1, ...more });
}

export function stacksOf(...records: StackRecord[]): Stacks {
  return new Map(records.map((each) => [each.id, each]));
}
