/**
 * The API with invented answers, and the built page, for work on the page without a cluster:
 *   npm run build && npm run mock -- --stacks 1000 --port 8765 --actions
 * `npm run dev` in another terminal serves the sources and asks this server.
 */

import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { answers, change, tree } from "./shop.mjs";

const { values: options } = parseArgs({
  options: { stacks: { type: "string", default: "0" }, port: { type: "string", default: "8765" }, actions: { type: "boolean" } },
});
const built = fileURLToPath(new URL("../../operator/ailtire_operator/cli/ui/static", import.meta.url));
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const stacks = tree(Number(options.stacks));

function json(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

function stream(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  return (name, data) => response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

function feed(response) {
  const send = stream(response);
  send("snapshot", { time: new Date().toISOString(), stacks: [...stacks.values()], denied: null, notes: [] });
  const timer = setInterval(() => send("change", { set: change(stacks, 20), gone: [] }), 1000);
  response.on("close", () => clearInterval(timer));
}

function log(response, follow) {
  const send = stream(response);
  const say = (text) => send("line", { pod: "shop-web-7d9f-x2x", container: "web", time: new Date().toISOString(), text });
  for (let count = 0; count < 60; count += 1) say(`GET /orders/${count} 200 ${count} ms`);
  say("<img src=x onerror=alert(1)> \u001b[31mred\u001b[0m \u202egnp.exe");
  if (!follow) return void (send("end", {}), response.end());
  const timer = setInterval(() => say(`GET /healthz 200 at ${Date.now()}`), 700);
  return response.on("close", () => clearInterval(timer));
}

async function api(request, response, url) {
  if (url.pathname === "/api/session") return void response.writeHead(204).end();
  if (url.pathname === "/api/about") {
    return json(response, 200, {
      version: "0", context: "lab", cluster: "lab", user: "dana", namespace: null, root: null,
      allowActions: Boolean(options.actions), metrics: true,
    });
  }
  if (url.pathname === "/api/tree") return feed(response);
  const [, , , namespace, name, ...rest] = url.pathname.split("/").map(decodeURIComponent);
  if (rest[0] === "logs") return log(response, url.searchParams.get("follow") === "true");
  const stack = stacks.get(`${namespace}/${name}`);
  if (!stack) return json(response, 404, { error: `there is no stack ${name} in namespace ${namespace}`, hint: "" });
  const answer = answers[rest[0] ?? ""];
  return answer ? json(response, 200, answer(stack, url.searchParams, rest)) : json(response, 404, { error: "not there", hint: "" });
}

createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  response.setHeader("Content-Security-Policy", policy);
  if (url.pathname.startsWith("/api/")) return void api(request, response, url);
  const asset = url.pathname.startsWith("/assets/") ? normalize(url.pathname) : "/index.html";
  response.writeHead(200, { "Content-Type": types[extname(asset)] ?? "text/plain" }).end(readFileSync(join(built, asset)));
}).listen(Number(options.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${options.port}/`));
