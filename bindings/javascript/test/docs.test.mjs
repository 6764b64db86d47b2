// What docs/javascript.md shows, runs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { Chromium, missing, profile, removeProfile } from './engines.mjs';
import { PageServer } from './page-server.mjs';
import { codeBlocks, repository, Server, until } from './server.mjs';

const dist = join(repository, 'out/javascript/dist');
// The others show parts of pages.
const blocks = codeBlocks(join(repository, 'docs/javascript.md'), 'js').filter((code) => code.startsWith('import'));

test('the documented modules', { skip: missing('chromium') || false }, async () => {
  assert.equal(blocks.length, 2);
  const server = await new Server().start();
  const pages = await new PageServer().start();
  const directory = profile();
  const browser = await Chromium.start(directory);
  try {
    for (const [i, block] of blocks.entries()) {
      const { outputFiles } = await build({
        stdin: { contents: block.replaceAll('https://lts.example.com', server.url), resolveDir: dist },
        bundle: true,
        write: false,
        format: 'esm',
        target: 'es2022',
        alias: { openlts: join(dist, 'openlts.mjs'), 'openlts/dialog': join(dist, 'dialog.mjs') },
      });
      const tab = await browser.open(`${pages.url}/pages/blank.html`);
      await tab.evaluate(`new Promise((resolve, reject) => {
        addEventListener('error', (event) => reject(event.error ?? new Error(event.message)));
        const script = document.createElement('script');
        script.type = 'module';
        script.textContent = ${JSON.stringify(outputFiles[0].text)} + ';dispatchEvent(new Event("ran"))';
        addEventListener('ran', resolve);
        document.body.append(script);
      })`);
      if (i === 0) await until(async () => (await server.total()) === 3, 'three operations are counted');
      await tab.close();
    }
  } finally {
    await browser.close();
    await pages.stop();
    await server.remove();
    removeProfile(directory);
  }
});

test('the sizes that are documented are those of the files', () => {
  const page = readFileSync(join(repository, 'docs/javascript.md'), 'utf8');
  const rows = Array.from(page.matchAll(/^\| (`[\w.-]+\.[mc]?js`.*?) \|.*\| ([\d.]+) KB \|$/gm));
  assert.equal(rows.length, 6);
  for (const [, files, most] of rows) {
    for (const [, file] of files.matchAll(/`(.*?)`/g)) {
      const size = gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1000;
      assert.ok(size < Number(most), `${file}: ${size} KB`);
    }
  }
});
