// Tabs of two versions of the package in one browser, whose rows in the database have different forms.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { License } from '../../../out/javascript/dist/openlts.mjs';
import { Browser } from './browser-double.mjs';
import { repository, Server } from './server.mjs';

let server;
let directory;
let Next;

/** The next version: it writes rows of format 2, and reads those of format 1 too. */
async function nextVersion() {
  const src = join(repository, 'bindings/javascript/src');
  const outfile = join(directory, 'next.mjs');
  let changes = 0;
  const change = (text, from, to) => {
    changes += text.split(from).length - 1;
    return text.replaceAll(from, to);
  };
  await build({
    entryPoints: [join(src, 'index.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    define: { VERSION: '"99.0.0"' },
    plugins: [
      {
        name: 'next',
        setup: ({ onLoad }) =>
          onLoad({ filter: /(meter|report)\.ts$/ }, ({ path }) => {
            const text = readFileSync(path, 'utf8');
            const written = change(change(text, '{ v: 1, id', '{ v: 2, id'), 'v: 1;', 'v: number;');
            const read = change(change(written, 'run.v !== 1', 'run.v > 2'), 'run.v === 1', 'run.v <= 2');
            return { contents: read, loader: 'ts' };
          }),
      },
    ],
  });
  assert.equal(changes, 5, 'the sources look otherwise than this test knows');
  return (await import(pathToFileURL(outfile))).License;
}

before(async () => {
  server = await new Server().start();
  directory = mkdtempSync(join(tmpdir(), 'lts-js-next-'));
  Next = await nextVersion();
});
after(async () => {
  await server.remove();
  rmSync(directory, { recursive: true });
});

const parameters = () => ({ licenseServer: server.url, handshakeCode: '100001-reader', slotSeconds: 1 });

async function device(uuid) {
  return JSON.parse(await server.run('device', 'list', '--json')).find((each) => each.uuid === uuid);
}

test('neither loses or doubles anything, whatever tabs of both do', async () => {
  let state = Number(process.env.SEED ?? 1);
  const random = (n) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 3; round++) {
    const b = new Browser();
    const before = await server.total();
    const tabs = [];
    let recorded = 0;
    for (let step = 0; step < 20; step++) {
      const i = random(tabs.length || 1);
      const tab = tabs[i];
      switch (tab ? random(10) : 0) {
        case 0:
        case 1:
          tabs.push(await b.open(parameters(), {}, random(2) ? License : Next));
          break;
        case 2:
        case 3:
        case 4: {
          const n = 1 + random(9);
          await tab.recordAt('QR_CODE', n, Date.now() - random(5000));
          recorded += n;
          break;
        }
        case 5:
        case 6:
          await tab.submit().catch(() => undefined);
          break;
        case 7:
          await tabs.splice(i, 1)[0].close();
          break;
        case 8:
          b.kill(tabs.splice(i, 1)[0]);
          break;
        case 9:
          b.offline = !b.offline;
      }
    }
    b.offline = false;
    for (const tab of tabs) await tab.close();
    // A tab of the former version, and then one of the next, find what is theirs.
    for (const Version of [License, Next]) {
      const last = await b.open(parameters(), {}, Version);
      await last.submit();
      if (Version === Next) {
        const { recorded: all, accepted, pending, lost, deviceUUID } = await last.info();
        assert.deepEqual([all, accepted, pending, lost], [recorded, recorded, 0, 0], `round ${round}`);
        assert.equal((await device(deviceUUID)).clonedAt, undefined);
      }
      await last.close();
    }
    assert.equal((await server.total()) - before, recorded, `round ${round}`);
  }
});

test('a former version, which can not count what the next one keeps, makes the device no copy', async () => {
  const b = new Browser();
  const former = await b.open(parameters(), {}, License);
  let arrive;
  const { fetch } = b.environment();
  const next = await b.open(
    parameters(),
    {
      fetch: async (address, init) => {
        const answer = await fetch(address, init);
        if (address.endsWith('/v1/reports')) await new Promise((resolve) => (arrive = resolve));
        return answer;
      },
    },
    Next,
  );
  next.record('QR_CODE', 50);
  const submitted = next.submit();
  while (!arrive) await new Promise((resolve) => setTimeout(resolve, 10));
  former.record('QR_CODE', 2);
  await former.submit(); // the server has what no tab has noted yet
  arrive();
  await submitted;
  const { deviceUUID, accepted } = await next.info();
  assert.equal(accepted, 52);
  assert.equal((await device(deviceUUID)).clonedAt, undefined);
  for (const license of b.licenses) await license.close(0);
});
