// Tabs and browsers that die, in Chromium, against a real `lts serve`.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Chromium, insecureHost, missing, profile, removeProfile } from './engines.mjs';
import { PageServer } from './page-server.mjs';
import { Server, sleep, until } from './server.mjs';

const deaths = Number(process.env.DEATHS ?? 40);
const seed = Number(process.env.SEED ?? Date.now() % 1e6);

describe('Chromium', { skip: missing('chromium') || false }, () => {
  let server;
  let pages;
  let directory;
  let browser;
  let counted;

  before(async () => {
    server = await new Server().start();
    pages = await new PageServer().start();
  });
  after(async () => {
    await pages.stop();
    await server.remove();
  });
  beforeEach(async () => {
    directory = profile();
    browser = await Chromium.start(directory);
    counted = server.total();
  });
  afterEach(async () => {
    await browser.close();
    removeProfile(directory);
  });

  const page = (origin = pages.url) => `${origin}/pages/blank.html?lts=${encodeURIComponent(server.url)}`;

  async function open(origin) {
    const tab = await browser.open(page(origin));
    await tab.evaluate('begin()');
    return tab;
  }

  /** Opens a page that takes over what is left, and holds that the server has so many units more. */
  async function exact(units, most = units) {
    const tab = await open();
    await until(() => tab.evaluate('license.info().then((info) => info.pending === 0)'), 'all is submitted');
    const info = await tab.evaluate('license.info()');
    assert.equal(info.recorded, info.accepted + info.pending + info.lost);
    const now = server.total() - counted;
    assert.ok(now >= units && now <= most, `the server counted ${now}, and there were ${units} to ${most}`);
    await tab.evaluate('license.close()');
    return now;
  }

  test('a tab crashes: what it kept unasked, second by second, counts', async (t) => {
    const tab = await open();
    await tab.evaluate(`
      globalThis.n = 0;
      globalThis.recording = setInterval(() => { license.record('QR_CODE'); n++ }, 5);
      0`);
    await until(() => tab.evaluate(`kept('QR_CODE').then((units) => units > 0)`), 'some are kept');
    const first = await tab.evaluate(`kept('QR_CODE')`);
    await until(() => tab.evaluate(`kept('QR_CODE').then((units) => units > ${first})`), 'more are kept');
    const [kept, n] = await tab.evaluate(`
      kept('QR_CODE').then((units) => { clearInterval(recording); return [units, n] })`);
    await tab.crash();
    const now = await exact(kept, n);
    t.diagnostic(`of ${n} operations, one each 5 ms, ${n - now} were lost with the last second`);
  });

  test('what is counted is written within a second', async () => {
    const tab = await open();
    await tab.evaluate(`license.record('QR_CODE')`);
    await until(() => tab.evaluate(`kept('QR_CODE').then((units) => units === 1)`), 'the first is kept');
    // A timer that is set later, for as long, goes off later.
    const written = await tab.evaluate(`new Promise((resolve) => {
      let written = 0;
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (row, key) {
        if (key === 'run/' + run) written = unitsOf(row, 'QR_CODE');
        return put.call(this, row, key);
      };
      license.record('QR_CODE', 7);
      setTimeout(() => resolve(written), 1000);
    })`);
    assert.equal(written, 8);
    await tab.evaluate('license.close()');
    await exact(8);
  });

  test('the browser is killed: what was kept counts', async () => {
    const tab = await open();
    await tab.evaluate(`license.record('QR_CODE', 17)`);
    await until(() => tab.evaluate(`kept('QR_CODE').then((units) => units === 17)`), 'it is kept');
    await tab.evaluate(`license.record('EAN_13', 5)`); // which is kept in a second
    await browser.kill();
    browser = await Chromium.start(directory);
    await exact(17, 22);
  });

  test('a page that is closed sends what it counted at once', async () => {
    const tab = await open();
    await tab.evaluate(`license.record('QR_CODE', 3)`);
    await tab.close();
    await until(() => server.total() - counted === 3, 'it arrives without another page');
    await exact(3);
  });

  test('a page that is left, and come back to, goes on as another run', async () => {
    const tab = await open();
    await tab.evaluate(
      `addEventListener('pageshow', (event) => { globalThis.persisted = event.persisted });
        license.record('QR_CODE', 4)`,
    );
    const run = await tab.evaluate('license.info().then((info) => info.runUUID)');
    await tab.send('Page.navigate', { url: `${pages.url}/pages/worker.js` });
    await until(() => tab.evaluate(`location.pathname === '/pages/worker.js'`).catch(() => false), 'it is left');
    await until(() => server.total() - counted === 4, 'what it counted arrives');
    const { entries, currentIndex } = await tab.send('Page.getNavigationHistory');
    await tab.send('Page.navigateToHistoryEntry', { entryId: entries[currentIndex - 1].id });
    await until(
      () => tab.evaluate(`location.pathname === '/pages/blank.html'`).catch(() => false),
      'it is come back to',
    );
    assert.equal(await tab.evaluate('globalThis.persisted'), true, 'the page was not kept for "back"');
    await tab.evaluate(`license.record('QR_CODE', 5); license.submit()`);
    assert.notEqual(await tab.evaluate('license.info().then((info) => info.runUUID)'), run);
    await tab.close();
    await exact(9);
  });

  test('an outage: what could not be sent is sent by the next page', async () => {
    const tab = await open();
    await server.stop();
    await tab.evaluate(`license.record('QR_CODE', 6)`);
    assert.equal(await tab.evaluate(`license.submit().then(() => 0, (error) => error.code)`), -20200);
    await tab.close();
    const cached = await browser.open(page());
    assert.equal(await cached.evaluate('begin().then(() => license.info()).then((info) => info.stateFlags & 1)'), 1);
    await cached.evaluate(`license.record('EAN_8', 2)`);
    await cached.close();
    await server.start();
    await exact(8);
  });

  test('storage that is full: it counts in memory, and says so', async () => {
    const tab = await browser.open(page());
    await tab.send('Storage.overrideQuotaForOrigin', { origin: pages.url, quotaSize: 1 });
    await tab.evaluate('begin()');
    await tab.evaluate(
      `for (let i = 0; i < 200; i++) license.defineOperationType('A_RATHER_LONG_NAME_OF_A_TYPE_' + i)`,
    );
    await tab.evaluate(`for (let i = 0; i < 200; i++) license.record('A_RATHER_LONG_NAME_OF_A_TYPE_' + i)`);
    await tab.evaluate('license.submit()');
    const info = await tab.evaluate('license.info()');
    assert.deepEqual([info.recorded, info.accepted], [200, 200]);
    assert.equal(info.storage, 'memory');
    assert.ok(info.stateFlags & 32);
    assert.match(info.storageFailure, /quota/i);
    await tab.close();
    assert.equal(server.total() - counted, 200);
  });

  test('storage that is evicted in mid-run: the device, and all that this page knows, comes back', async () => {
    const tab = await open();
    await tab.evaluate(`license.record('QR_CODE', 3); license.submit()`);
    await tab.evaluate(`license.record('QR_CODE', 4); license.info()`);
    const device = await tab.evaluate('license.info().then((info) => info.deviceUUID)');
    await browser.send('Storage.clearDataForOrigin', { origin: pages.url, storageTypes: 'all' }, tab.sessionId);
    await tab.evaluate(`license.record('EAN_13', 5); license.info()`);
    await until(() => tab.evaluate(`kept('EAN_13').then((units) => units === 5)`), 'it is kept');
    await tab.crash();
    const next = await open();
    assert.equal(await next.evaluate('license.info().then((info) => info.deviceUUID)'), device);
    await next.evaluate('license.submit(); license.close()');
    await exact(12);
  });

  for (const [what, origin] of [
    ['with locks', () => pages.url],
    ['without locks, so that others take it for dead', () => `http://${insecureHost}:${pages.port}`],
  ]) {
    test(`a page that is frozen and goes on later, ${what}`, async () => {
      const tab = await browser.open(page(origin()));
      await tab.evaluate('begin({ slotSeconds: 1 })');
      await tab.evaluate(`license.record('QR_CODE', 7)`);
      await tab.send('Page.setWebLifecycleState', { state: 'frozen' });
      const other = await browser.open(page(origin()));
      await other.evaluate('begin({ slotSeconds: 1 })');
      await sleep(5000);
      await tab.send('Page.setWebLifecycleState', { state: 'active' });
      await tab.evaluate(`license.record('QR_CODE', 8); license.submit()`);
      await until(() => other.evaluate('license.info().then((info) => info.pending === 0)'), 'all is submitted');
      const info = await tab.evaluate('license.info()');
      assert.equal(info.recorded, 15);
      assert.equal(info.accepted, 15);
      await tab.evaluate('license.close()');
      await other.evaluate('license.close()');
      assert.equal(server.total() - counted, 15);
    });
  }

  test('a service worker that is killed: what it kept is taken over', async () => {
    const tab = await open();
    await tab.evaluate(`(async () => {
      const registration = await navigator.serviceWorker.register('/pages/service-worker.js');
      while (!registration.active) await new Promise((resolve) => setTimeout(resolve, 20));
      const { port1, port2 } = new MessageChannel();
      const answer = new Promise((resolve) => (port1.onmessage = resolve));
      registration.active.postMessage({ licenseServer: lts, handshakeCode: '100001-reader', stay: true }, [port2]);
      await answer;
    })()`);
    await tab.send('ServiceWorker.enable');
    await tab.send('ServiceWorker.stopAllWorkers');
    await tab.evaluate(`license.record('QR_CODE', 2); license.submit()`);
    await exact(6);
  });

  test('fifty tabs', async () => {
    const tab = await open();
    await tab.evaluate(`(async () => {
      globalThis.frames50 = await Promise.all(Array.from({ length: 50 }, () => new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = () => resolve(frame.contentWindow);
        frame.src = location.href;
        document.body.append(frame);
      })));
      await Promise.all(frames50.map((frame) => frame.eval('begin()')));
      for (let round = 0; round < 20; round++) {
        for (const frame of frames50) frame.eval("license.record('QR_CODE')");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await Promise.all(frames50.slice(0, 25).map((frame) => frame.eval('license.close()')));
      await Promise.all(frames50.slice(25).map((frame) => frame.eval('license.info()'))); // which keeps
    })()`);
    await browser.kill();
    browser = await Chromium.start(directory);
    await exact(1000);
  });

  test('two origins are two devices', async () => {
    const uuids = [];
    for (const origin of [pages.url, `http://${insecureHost}:${pages.port}`]) {
      const tab = await open(origin);
      uuids.push(await tab.evaluate('license.info().then((info) => info.deviceUUID)'));
      await tab.close();
    }
    assert.notEqual(uuids[0], uuids[1]);
  });

  test('100,000 records cost one write a second', async () => {
    const tab = await browser.open(page());
    await tab.evaluate(`
      globalThis.writes = 0;
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (row, key) {
        if (key === 'run/' + run) writes++;
        return put.call(this, row, key);
      };
      begin()`);
    const [during, seconds] = await tab.evaluate(`(async () => {
      const before = writes;
      const begun = performance.now();
      for (let i = 0; i < 100; i++) {
        for (let j = 0; j < 1000; j++) license.record(j % 2 ? 'QR_CODE' : 'EAN_13');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return [writes - before, (performance.now() - begun) / 1000];
    })()`);
    assert.ok(during <= seconds + 2, `${during} writes in ${seconds} seconds`);
    await tab.evaluate('license.close()');
    await exact(100_000);
  });

  // Each life of a tab counts under a type of its own, so that the server's counts can be held against what that life
  // knew to be kept (at least), and what it recorded (at most).
  test(`${deaths} random deaths, reloads and outages (seed ${seed})`, async (t) => {
    let state = seed;
    const random = (n) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
    const lives = [];
    let tab;
    let up = true;
    // One license that is never closed, so that there is a grant to begin with in an outage.
    await (await open()).evaluate(`license.record('OPERATION')`);
    for (let i = 0; i < deaths; i++) {
      if (random(6) === 0) {
        await (up ? server.stop() : server.start());
        up = !up;
      }
      tab ??= await browser.open(page());
      const life = { type: `LIFE_${i}`, recorded: 0, kept: 0 };
      lives.push(life);
      await tab.evaluate(`begin().then(() => license.defineOperationType('${life.type}'))`);
      for (let bursts = 1 + random(3); bursts > 0; bursts--) {
        const n = 1 + random(20);
        await tab.evaluate(`for (let i = 0; i < ${n}; i++) license.record('${life.type}')`);
        life.recorded += n;
        switch (random(4)) {
          case 0:
            await sleep(random(300));
            break;
          case 1:
            await tab.evaluate('license.info()'); // which keeps
            life.kept = life.recorded;
            break;
          case 2:
            await tab.evaluate('license.submit().catch(() => 0)');
            life.kept = life.recorded;
        }
      }
      switch ((life.end = ['crash', 'close', 'reload', 'close license', 'kill', 'submit and crash'][random(6)])) {
        case 'crash':
          await tab.crash();
          tab = undefined;
          break;
        case 'submit and crash':
          tab.evaluate('license.submit()').catch(() => undefined);
          await sleep(random(15));
          await tab.crash();
          tab = undefined;
          break;
        case 'close':
          await tab.close();
          life.kept = life.recorded;
          tab = undefined;
          break;
        case 'reload':
          await tab.go(page());
          life.kept = life.recorded;
          break;
        case 'close license':
          await tab.evaluate('license.close()');
          life.kept = life.recorded;
          break;
        case 'kill':
          await browser.kill();
          browser = await Chromium.start(directory);
          tab = undefined;
      }
    }
    if (!up) await server.start();
    const last = await open();
    await until(() => last.evaluate('license.info().then((info) => info.pending === 0)'), 'all is submitted', 60);
    const info = await last.evaluate('license.info()');
    assert.equal(info.recorded, info.accepted + info.lost);
    const counts = server.counts();
    let lost = 0;
    for (const life of lives) {
      const now = counts[life.type] ?? 0;
      assert.ok(now >= life.kept && now <= life.recorded, `${JSON.stringify(life)}: the server counted ${now}`);
      lost += life.recorded - now;
    }
    const recorded = lives.reduce((sum, life) => sum + life.recorded, 0);
    t.diagnostic(
      `${recorded} operations in ${deaths} lives: nothing that was kept is lost, nothing is doubled; ` +
        `${lost} of the last second of tabs and browsers that were killed are gone`,
    );
  });
});
