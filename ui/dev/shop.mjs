/** An invented shop: its stacks and what the API says of them. */

const began = Date.now();
const ago = (seconds) => new Date(began - seconds * 1000).toISOString();

function service(key, image, more = {}) {
  return {
    key, kind: "Deployment", name: `shop-${key}`, image, state: "ready", ready: 2, wanted: 2, reason: "", message: "",
    restarts: 0, since: ago(7200), cpu: 120, memory: 96 * 2 ** 20, ...more,
  };
}

function stack(name, parent, key, services, more = {}) {
  return {
    id: `shop/${name}`, namespace: "shop", name, key, parent: parent && `shop/${parent}`, root: "shop/shop",
    depth: parent ? 1 : 0, state: "ready", ready: true, reason: "", message: "all services are ready", blocker: null,
    servicesReady: `${services.length}/${services.length}`, stacksReady: "0/0", url: "", notices: 0, created: ago(90000),
    generation: 3, restarts: 0, since: ago(7200), cpu: 240, memory: 400 * 2 ** 20, services, routes: [], ...more,
  };
}

const blocked = "orders/api: 1 of 2 replicas ready; ImagePullBackOff: registry.example/shop/api:1.5 is not there";

export function tree(more) {
  const all = [
    stack("shop", null, "", [service("web", "registry.example/shop/web:1.4"), service("cache", "redis:7")], {
      state: "trouble", ready: false, reason: "ImagePullBackOff", message: blocked, servicesReady: "8/9", stacksReady: "3/5",
      url: "http://shop.example/", notices: 2,
      routes: [{ path: "/", service: "web", port: 8080, url: "http://shop.example/" }, { path: "/orders", service: "orders", port: 80, url: "" }],
    }),
    stack("shop-orders", "shop", "orders", [
      service("api", "registry.example/shop/api:1.5", {
        state: "trouble", ready: 1, restarts: 4, reason: "ImagePullBackOff", message: "registry.example/shop/api:1.5 is not there",
      }),
      service("db", "postgres:16", { kind: "StatefulSet", ready: 1, wanted: 1, memory: 1.6 * 2 ** 30 }),
    ], { state: "trouble", ready: false, reason: "ImagePullBackOff", message: "api: 1 of 2 replicas ready", servicesReady: "1/2", restarts: 4 }),
    stack("shop-payments", "shop", "payments", [
      service("gateway-adapter-with-a-rather-long-name", "registry.example/shop/payments:2.0", {
        state: "progressing", ready: 1, wanted: 3, reason: "Progressing", message: "1 of 3 replicas are updated",
      }),
    ], { state: "progressing", ready: false, reason: "Progressing", message: "1 of 3 replicas are updated", servicesReady: "0/1" }),
    stack("shop-mail", "shop", "mail", [service("smtp", "mailer:3", { state: "stopped", ready: 0, wanted: 0, since: null })], {
      state: "stopped", reason: "Stopped", message: "it is stopped since 10:12",
    }),
    stack("shop-reports", "shop", "reports", [service("batch", "reports:1")], { state: "suspended", reason: "Suspended", message: "spec.suspend is set" }),
    stack("shop-search", "shop", "search", [], { state: "missing", ready: false, reason: "Missing", message: "there is no such resource yet", services: [] }),
    stack("shop-hostile", "shop", "hostile", [service("x", "<b>bold</b>\u001b[31m\u202e")], {
      state: "stalled", ready: false, reason: "Invalid", message: "<script>alert(1)</script> \u001b[2J \u202ereversed", notices: 1,
    }),
  ];
  for (let index = 0; index < more; index += 1) {
    all.push({
      ...stack(`fleet-${String(index).padStart(4, "0")}`, null, "", [service("web", "web:1"), service("api", "api:1"), service("db", "db:1")]),
      namespace: "fleet", id: `fleet/fleet-${String(index).padStart(4, "0")}`, root: `fleet/fleet-${String(index).padStart(4, "0")}`,
    });
  }
  return new Map(all.map((each) => [each.id, each]));
}

let turn = 0;

/** Change some of the stacks; returns the new records. */
export function change(stacks, count) {
  const ids = [...stacks.keys()].filter((id) => id.startsWith("fleet/"));
  const found = [];
  for (let index = 0; index < Math.min(count, ids.length); index += 1) {
    const id = ids[(turn * count + index) % ids.length];
    const record = stacks.get(id);
    const busy = record.state === "ready";
    const next = { ...record, state: busy ? "progressing" : "ready", ready: !busy, message: busy ? "1 of 2 replicas are updated" : "" };
    stacks.set(id, next);
    found.push(next);
  }
  const payments = stacks.get("shop/shop-payments");
  const cpu = 200 + ((turn * 37) % 90);
  stacks.set(payments.id, { ...payments, cpu });
  turn += 1;
  return [...found, stacks.get(payments.id)];
}

const definition = `apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata:
  name: shop
spec:
  services:
    web:
      image: registry.example/shop/web:1.4
      replicas: 2
`;
const difference = `--- revision 3
+++ revision 5
@@ -6,3 +6,3 @@
   services:
     web:
-      image: registry.example/shop/web:1.3
+      image: registry.example/shop/web:1.4
`;

function detail(stack) {
  return {
    stack,
    conditions: [
      { type: "Ready", status: stack.ready ? "True" : "False", reason: stack.reason || "Ready", message: stack.message, lastTransitionTime: ago(300) },
      { type: "Stalled", status: "False", reason: "NotStalled", message: "", lastTransitionTime: ago(90000) },
    ],
    services: stack.services.map((each) => ({
      ...each, imageSince: ago(5400), replicas: each.wanted, networks: ["default", "backend"], interfaces: [{ path: "/api", port: 8080, url: "http://shop.example/orders/api" }, { name: "admin", port: 9090, protocol: "TCP", published: null }],
      pods: [1, 2].map((index) => ({
        name: `${each.name}-7d9f8-${index}`, node: `node-${index}`, phase: index === 2 && each.state === "trouble" ? "Pending" : "Running",
        ready: each.state !== "trouble" || index === 1, restarts: each.restarts, started: each.since,
        reason: index === 2 && each.state === "trouble" ? "ImagePullBackOff" : null, image: each.image,
      })),
      environment: [
        { name: "AILTIRE_PARENT_URL", value: "http://gateway.shop/", ailtire: true },
        { name: "DATABASE_URL", value: "postgres://db/orders", ailtire: false },
        { name: "PASSWORD", hidden: true, ailtire: false },
        { name: "TOKEN", from: "secret shop-token, key token", ailtire: false },
      ],
    })),
    notices: {
      counts: { approximate: 1 },
      notices: [{ stack: stack.name, path: "services.web.deploy.restart_policy", classification: "approximate",
        message: "Kubernetes restarts a container always.", remedy: "Leave out restart_policy, or run it as a job." }],
    },
    owners: [
      { kind: "Deployment", name: "shop-web", managers: ["ailtire-operator", "kubectl-scale"] },
      { kind: "Service", name: "shop-web", managers: ["ailtire-operator"] },
    ],
  };
}

export const answers = {
  "": detail,
  events: (stack) => [
    { time: ago(60), type: "Warning", reason: "Failed", path: `${stack.name}/api`, kind: "Pod", name: "shop-api-2", count: 12, source: "kubelet", message: "Failed to pull image registry.example/shop/api:1.5: not found" },
    { time: ago(500), type: "Normal", reason: "ScalingReplicaSet", path: `${stack.name}/api`, kind: "Deployment", name: "shop-api", count: 1, source: "deployment-controller", message: "Scaled up replica set shop-api-7d9f8 to 2" },
  ],
  yaml: () => ({ written: definition, rendered: definition.replace("AiltireStack", "Deployment"), live: definition, difference }),
  routes: () => [
    { host: "shop.example", path: "/", stack: "shop", service: "web", port: 8080, protocol: "HTTP", state: "ready", rules: [], strips: "" },
    { host: "shop.example", path: "/orders", stack: "shop/orders", service: "api", port: 8080, protocol: "HTTP", state: "trouble", rules: ["at most 20 requests a second", "2 tries"], strips: "/orders" },
  ],
  way: (stack, query) => query.get("path").startsWith("/orders") ? {
    host: query.get("host"), path: query.get("path"), answer: "found", message: "",
    edge: { kind: "Ingress", stack: "shop", hosts: ["shop.example"], secure: true, reason: null },
    service: { path: "shop/orders/api", stack: "shop-orders", key: "api", port: 8080, protocol: "HTTP", state: "trouble", ready: 1, wanted: 2, reason: "ImagePullBackOff: registry.example/shop/api:1.5 is not there" },
    hops: [
      { gateway: "gateway of shop", stack: "shop", matched: "/orders", strips: "/orders", forwards: "/42", service: "orders", rules: ["at most 20 requests a second"], state: "ready", ready: 2, wanted: 2 },
      { gateway: "gateway of orders", stack: "shop/orders", matched: "/", strips: "", forwards: "/42", service: "api", rules: [], state: "ready", ready: 1, wanted: 1 },
    ],
  } : { host: query.get("host"), path: query.get("path"), answer: "none", message: "no route of the gateway of shop matches", hops: [
    { gateway: "gateway of shop", stack: "shop", matched: "", strips: "", forwards: "", rules: [], state: "ready", ready: 2, wanted: 2 }] },
  reach: () => ({
    members: [
      { id: "shop/web", stack: "shop", key: "web", networks: ["default"] },
      { id: "shop/cache", stack: "shop", key: "cache", networks: ["default", "backend"] },
      { id: "gateway of shop", stack: "shop", key: "", networks: ["default", "orders/default"] },
      { id: "shop/orders/api", stack: "shop/orders", key: "api", networks: ["default"] },
      { id: "shop/orders/db", stack: "shop/orders", key: "db", networks: ["default"] },
      { id: "shop/mail/smtp", stack: "shop/mail", key: "smtp", networks: [] },
    ],
    segments: [
      { network: "default", stack: "shop", members: ["shop/web", "shop/cache", "gateway of shop"] },
      { network: "backend", stack: "shop", members: ["shop/cache"] },
      { network: "default", stack: "shop/orders", members: ["gateway of shop", "shop/orders/api", "shop/orders/db"] },
    ],
    reaches: [["shop/web", "shop/cache", "6379/TCP"], ["shop/web", "gateway of shop", "all"], ["gateway of shop", "shop/orders/api", "8080/TCP"], ["shop/orders/api", "shop/orders/db", "5432/TCP"]],
  }),
  timeline: (stack) => [
    { time: ago(60), kind: "failure", stack: stack.name, service: "api", revision: null, by: null, title: "ImagePullBackOff", detail: "registry.example/shop/api:1.5 is not there" },
    { time: ago(400), kind: "rollout", stack: stack.name, service: "api", revision: 5, by: "ailtire-operator", title: "api rolled out", detail: "image api:1.4 to api:1.5" },
    { time: ago(420), kind: "definition", stack: stack.name, service: null, revision: 5, by: "kubectl-client-side-apply", title: "Revision 5", detail: "services.api.image" },
    { time: ago(4000), kind: "restart", stack: stack.name, service: "web", revision: null, by: "kubectl-ailtire", title: "web restarted", detail: null },
    { time: ago(40000), kind: "rollback", stack: stack.name, service: null, revision: null, by: "dana", title: "Rolled back to revision 3", detail: null },
    { time: ago(90000), kind: "definition", stack: stack.name, service: null, revision: 4, by: "argocd-controller", title: "Revision 4", detail: null },
    { time: ago(180000), kind: "definition", stack: stack.name, service: null, revision: 3, by: "argocd-controller", title: "Revision 3", detail: null },
  ],
  revisions: (stack, query, rest) => ({ number: Number(rest[1]), time: ago(420), by: "dana", definition, difference }),
  actions: (stack, query) => ({
    done: query.get("dryRun") !== "true",
    sentence: query.get("dryRun") === "true" ? "2 pods would be replaced." : "Done: 2 pods are replaced.",
    lines: ["shop/web: kubectl.kubernetes.io/restartedAt"],
  }),
};
