// Builds the package into out/javascript: ESM, CommonJS, one file for a script tag, the file for old browsers, types.
//
//   node build.mjs           builds
//   node build.mjs --code-only  only the code, in a second
//   node build.mjs --sizes   builds and prints what each file weighs, gzipped
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../../out/javascript');
const dist = join(out, 'dist');

/** The most that a file may weigh, gzipped, in bytes: KB are 1,000. */
const limits = { 'openlts.js': 15_000, 'openlts.mjs': 15_000, 'definitions.mjs': 1_500, 'openlts.legacy.js': 8_500 };

/** Names of members that nobody outside sees: none that is kept, or that the web or the protocol has. */
const inner = new RegExp(
  `^(${(
    'ageing ahead alone ask asked askedFor authorize authorizer beat cached calls cell cellAt clockOff ' +
    'closing counted defineType dirty doubt env epoch fail failure failures floor follow fromCache ' +
    'giveBack giveUp grant granted hide hold inOneGo introduce introduceAt introduceWait judge kept ' +
    'keptAt knownKeys left letGo lifeline listeners living memory most move noteQuota noteStore opened ' +
    'purged readAt receipt recordSlowly remember renew retired rows say servers settled shared signed ' +
    'standby submitAll submitter sweep take tried turn types undo usage usageAt useless wait watchPage ' +
    'withDatabase'
  ).replaceAll(' ', '|')})$`,
);

const entries = {
  'openlts.mjs': { entry: 'index.ts', format: 'esm' },
  'openlts.cjs': { entry: 'index.ts', format: 'cjs' },
  'definitions.mjs': { entry: 'definitions.ts', format: 'esm' },
  'definitions.cjs': { entry: 'definitions.ts', format: 'cjs' },
  'openlts.js': { entry: 'iife.ts', format: 'iife' },
  'dialog.mjs': { entry: 'dialog.ts', format: 'esm' },
  'dialog.cjs': { entry: 'dialog.ts', format: 'cjs' },
  'openlts-dialog.js': { entry: 'dialog.ts', format: 'iife', globalName: 'OpenLTSDialog' },
  'messages.mjs': { entry: 'messages.ts', format: 'esm' },
  'messages.cjs': { entry: 'messages.ts', format: 'cjs' },
  'openlts.legacy.js': { entry: 'legacy.js', format: 'iife', target: 'es5' },
};

/** The enumerations are a file of their own, which the modules share. Of it, bundlers take what a page names. */
const definitions = (format) => ({
  name: 'definitions',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/definitions\.js$/ }, () => ({
      path: format === 'esm' ? './definitions.mjs' : './definitions.cjs',
      external: true,
    })),
});

// Says what each file weighs, and fails if one weighs too much.
function report() {
  for (const name of Object.keys(entries)) {
    const file = join(dist, name);
    if (!existsSync(file)) continue;
    const size = gzipSync(readFileSync(file), { level: 9 }).length;
    if (process.argv.includes('--sizes')) console.log(`${name.padEnd(20)} ${size} bytes gzipped`);
    if (limits[name] && size > limits[name]) {
      console.error(`${name} weighs ${size} bytes gzipped; the limit is ${limits[name]}`);
      process.exitCode = 1;
    }
  }
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
for (const [name, { entry, format, globalName, target = 'es2020' }] of Object.entries(entries)) {
  if (!existsSync(join(here, 'src', entry))) continue;
  const file = join(dist, name);
  await build({
    entryPoints: [join(here, 'src', entry)],
    outfile: file,
    bundle: true,
    format,
    globalName,
    target,
    define: { VERSION: JSON.stringify(version) },
    sourcemap: true,
    sourcesContent: true,
    logLevel: 'warning',
    legalComments: 'none',
    plugins: [definitions(format)],
  });
  const ecma = target === 'es5' ? 5 : 2020;
  const result = await minify(readFileSync(file, 'utf8'), {
    ecma,
    ie8: ecma === 5,
    module: format === 'esm',
    toplevel: format !== 'iife',
    compress: {
      passes: 5,
      ecma,
      unsafe_arrows: ecma > 5,
      unsafe_methods: ecma > 5,
      pure_getters: true,
      lhs_constants: false,
    },
    format: { preamble: `/* openlts ${version}, MIT license */` },
    mangle: ecma > 5 ? { properties: { regex: inner } } : {},
    sourceMap: { content: readFileSync(file + '.map', 'utf8'), filename: name, url: name + '.map' },
  });
  writeFileSync(file, result.code);
  writeFileSync(file + '.map', result.map);
}

if (process.argv.includes('--code-only')) {
  report();
  process.exit();
}
execFileSync(join(here, 'node_modules/.bin/tsc'), ['-p', here], { stdio: 'inherit' });
execFileSync(
  join(here, 'node_modules/.bin/api-extractor'),
  ['run', ...(process.argv.includes('--update-api') ? ['--local'] : [])],
  {
    cwd: here,
    stdio: ['ignore', 'ignore', 'inherit'],
  },
);
const types = join(out, 'types');
copyFileSync(join(dist, 'openlts.d.ts'), join(dist, 'openlts.d.cts'));
for (const name of ['dialog', 'messages']) {
  // What they share with the package they take from there.
  const text = readFileSync(join(types, name + '.d.ts'), 'utf8');
  for (const [extension, from] of [
    ['.d.ts', 'js'],
    ['.d.cts', 'cjs'],
  ]) {
    writeFileSync(join(dist, name + extension), text.replace(/'\.\/errors\.js'/g, `'./openlts.${from}'`));
  }
}
for (const file of ['package.json', 'README.md']) copyFileSync(join(here, file), join(out, file));
copyFileSync(join(here, '../../LICENSE'), join(out, 'LICENSE'));

report();
