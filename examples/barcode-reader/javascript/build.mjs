// Bundles the SDK into out/javascript/examples, with the decoder's WebAssembly beside it. The package openlts has to
// be built before (node bindings/javascript/build.mjs).
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "../../../out/javascript");
const out = join(built, "examples");
mkdirSync(out, { recursive: true });
await build({
  entryPoints: [join(here, "src/barcode-reader.js")],
  outfile: join(out, "dbr.js"),
  bundle: true,
  minify: true,
  sourcemap: true,
  format: "iife",
  target: "es2022",
  logLevel: "warning",
  alias: {
    openlts: join(built, "dist/openlts.mjs"),
    "openlts/dialog": join(built, "dist/dialog.mjs"),
  },
});
copyFileSync(
  join(here, "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm"),
  join(out, "zxing_reader.wasm"),
);
