import { defineConfig } from "vite";
import { librariesOfThePage } from "./build/libraries.mjs";

/** What the page is built into: files that the Python package carries, so that a user needs no Node. */
const target = "../operator/ailtire_operator/cli/ui/static";

export default defineConfig({
  base: "/",
  build: {
    outDir: target,
    emptyOutDir: true,
    sourcemap: false,
    // A file of its own for everything: the page's policy allows no inline script, style or font.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  plugins: [librariesOfThePage],
  server: { proxy: { "/api": "http://127.0.0.1:8765" } },
  test: { include: ["test/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
