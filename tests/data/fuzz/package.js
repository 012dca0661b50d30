// A package as upstream's templates write it, with what real files add.
module.exports = {
    services: {
        api: {
            image: "shop_api:1",
            interface: { "/": { path: "/", port: 3000, protocol: "http" } },
            environment: { LEVEL: "info", DB: "postgres://db:5432/x", LIMIT: 5, ON: true },
            volumes: { data: { source: "records", target: "/data", readOnly: true } },
            policies: {
                scaling: { min: 1, max: 5, cpu: 70 }, timeout: { requestTimeout: 30000 }, retry: { maxRetries: 3 },
                accessControl: { rateLimit: 10 }, logging: { level: "info" },
            },
            networks: { children: { aliases: ["api-1"] }, events: {} },
            deploy: {
                replicas: 2, mode: "replicated", placement: { constraints: ["node.role == worker"] },
                resources: { limits: { cpus: "0.5", memory: "50M" }, reservations: { memory: "20M" } },
                update_config: { order: "start-first", parallelism: 1, delay: "5s" },
                restart_policy: { condition: "any", delay: "5s", max_attempts: 3 },
            },
        },
        tool: { deployments: { container: { image: "tool", cmd: "run 'it now'", environment: { A: "1" } } } },
        orders: {
            type: "stack", image: "shop_orders:1", interface: { "/orders": { path: "/", port: 3000 } },
            environment: { REGION: "${REGION:-eu}" },
        },
    },
    networks: { children: {}, events: { driver: "overlay", attachable: true, name: "events" } },
    policies: {},
    data: { records: { size: "2Gi", mode: "ReadWriteMany", retain: true } },
    interface: { ports: { 80: 3000, 443: 3000 } },
};
