// The library in real engines, by a page that tests itself, against a real `lts serve`.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { insecureHost, launch, missing, profile, removeProfile } from './engines.mjs';
import { PageServer } from './page-server.mjs';
import { Server } from './server.mjs';

let server;
let pages;

before(async () => {
  server = await new Server().start();
  // A page counts millions, to measure what that costs.
  await server.run('item', 'change', 'scans', '--quota', '1000000000');
  pages = await new PageServer().start();
});
after(async () => {
  await pages.stop();
  await server.remove();
});

/** Runs the page in an engine; its counts are the server's, to the unit. */
async function selfTest(engine, origin, without, directory = profile()) {
  // A strict policy: nothing is allowed but the scripts, and the two servers.
  pages.policy =
    `default-src 'none'; script-src 'self' 'unsafe-eval'; frame-src 'self'; worker-src 'self'; img-src data:; ` +
    `connect-src 'self' ${server.url}`;
  const name = `${engine}-${Math.random()}`;
  const counted = await server.total();
  const reported = pages.result(name);
  const query = new URLSearchParams({ lts: server.url, name, without });
  const end = launch(engine, directory, `${origin}/pages/self-test.html?${query}`);
  try {
    const result = await reported;
    assert.deepEqual(result.failures, []);
    assert.equal((await server.total()) - counted, result.units);
    return result.notes;
  } finally {
    await end();
    removeProfile(directory);
  }
}

for (const engine of ['chromium', 'firefox', 'webkit']) {
  test(engine, { skip: missing(engine) || false }, async (t) => {
    await t.test('a page', async (t) => {
      const notes = await selfTest(engine, pages.url, '');
      assert.ok(notes.subtle && notes.locks);
      assert.ok(notes.derived, 'WebCrypto has X25519 here, and was not used');
      assert.ok(notes.cheap, 'record() costs more than three calls of an empty function');
      assert.ok(notes.quick, 'a start with everything at hand takes more than 20 ms and the network');
      t.diagnostic(
        `${engine}: record() ${notes.record} ns; inlined, an empty function ${notes.inlinedEmpty} ns ` +
          `and the least that counts ${notes.leastCount} ns; called, an empty function ${notes.emptyCall} ns; ` +
          `Date.now() ${notes.clock} ns`,
      );
      t.diagnostic(
        `${engine}: from start to authorized ${notes.warmStart} ms, of which ${notes.network} ms are a request and ` +
          `${notes.database} ms opening the database and reading a value`,
      );
    });
    // WebKit knows no host that is neither local nor in the DNS: what a page of http lacks is taken away.
    const without = engine === 'webkit' ? 'crypto.subtle,navigator.locks' : '';
    await t.test('a page of http, without WebCrypto and locks', async () => {
      const notes = await selfTest(engine, without ? pages.url : `http://${insecureHost}:${pages.port}`, without);
      assert.ok(!notes.subtle && !notes.locks);
    });
  });
}
