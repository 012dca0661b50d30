/**
 * Writes beside the built files what belongs to them: the licences of the libraries in them (licenses.txt), and
 * sources.json, with one hash of everything that they are made of, and one of each of them.
 * tests/unit/test_ui_static.py computes these anew, without Node.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ui = fileURLToPath(new URL("..", import.meta.url));
const built = join(ui, "../operator/ailtire_operator/cli/ui/static");
const manifest = "sources.json";
const made = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "build", "src"];

function files(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path).flatMap((name) => files(join(path, name)));
}

function digest(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** "HASH  PATH" for each file, sorted by path, as sha256sum writes it. */
function listing(paths, base) {
  return paths
    .map((path) => [relative(base, path), digest(path)])
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

const libraries = JSON.parse(readFileSync(join(built, "libraries.json"), "utf8"));
const licenses = libraries.map(({ name, version }) => {
  const text = readFileSync(join(ui, "node_modules", name, "LICENSE"), "utf8");
  return `${name} ${version}\n\n${text.trim()}\n`;
});
writeFileSync(join(built, "licenses.txt"), licenses.join(`\n${"-".repeat(80)}\n\n`));

const sources = listing(made.flatMap((each) => files(join(ui, each))), ui);
const sum = createHash("sha256").update(sources.map(([path, hash]) => `${hash}  ${path}\n`).join("")).digest("hex");
const outputs = listing(files(built).filter((path) => relative(built, path) !== manifest), built);
writeFileSync(join(built, manifest), `${JSON.stringify({ sources: sum, files: Object.fromEntries(outputs) }, null, 2)}\n`);
