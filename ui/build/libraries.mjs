/**
 * Says which libraries of npm have code in the built files: libraries.json beside them, for their licences and for the
 * bill of materials. By what the bundler has kept, not by what package.json asks for.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ui = fileURLToPath(new URL("..", import.meta.url));
const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** The name of the library that a module is of; nothing for the page's own. Throws where nobody can say. */
export function libraryOf(module) {
  if (module.startsWith("\0")) throw new Error(`the bundler adds code of its own, which no licence is written for: ${module.slice(1)}`);
  return installed.exec(module)?.[1];
}

/**
 * What the lock has of each of these, sorted by name: its version, its licence, the digest of what npm installs
 * ("sha512-" and Base64), which of the others it needs, and whether the page asks for it itself.
 */
export function libraries(names, lock) {
  const asked = lock.packages[""].dependencies;
  return [...names].sort().map((name) => {
    const { version, license, integrity, dependencies, peerDependencies } = lock.packages[`node_modules/${name}`] ?? {};
    if (!license || !integrity) throw new Error(`package-lock.json has no licence or no digest of ${name}`);
    const needs = Object.keys({ ...dependencies, ...peerDependencies }).filter((each) => names.has(each));
    return { name, version, license, integrity, needs: needs.sort(), asked: Object.hasOwn(asked, name) };
  });
}

export const librariesOfThePage = {
  name: "libraries-of-the-page",
  generateBundle(_options, bundle) {
    const kept = Object.values(bundle)
      .flatMap((part) => Object.entries(part.modules ?? {}))
      .filter(([, module]) => module.renderedLength > 0)
      .map(([module]) => libraryOf(module))
      .filter(Boolean);
    const lock = JSON.parse(readFileSync(join(ui, "package-lock.json"), "utf8"));
    const source = `${JSON.stringify(libraries(new Set(kept), lock), null, 2)}\n`;
    this.emitFile({ type: "asset", fileName: "libraries.json", source });
  },
};
