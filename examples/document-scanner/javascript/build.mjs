// Bundles the SDK into out/javascript/examples, with the worker of the PDF library beside it. The package openlts has
// to be built before (node bindings/javascript/build.mjs).
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "../../../out/javascript");
const out = join(built, "examples");
mkdirSync(out, { recursive: true });
const options = {
  bundle: true,
  minify: true,
  target: "es2022",
  logLevel: "error",
};
await build({
  ...options,
  entryPoints: [join(here, "src/web-twain.js")],
  outfile: join(out, "dwt.js"),
  sourcemap: true,
  format: "iife",
  define: { "import.meta.url": '""' },
  alias: {
    openlts: join(built, "dist/openlts.mjs"),
    "openlts/dialog": join(built, "dist/dialog.mjs"),
  },
});
await build({
  ...options,
  entryPoints: [
    join(here, "node_modules/pdfjs-dist/legacy/build/pdf.worker.mjs"),
  ],
  outfile: join(out, "pdf.worker.js"),
  format: "esm",
});
