// Tabs of one browser that meet at the same usage, against a real `lts serve`.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, closeAll } from './browser-double.mjs';
import { Server, until } from './server.mjs';

let server;

before(async () => {
  server = await new Server().start();
});
after(async () => {
  await closeAll();
  await server.remove();
});

const parameters = (more = {}) => ({ licenseServer: server.url, handshakeCode: '100001-reader', ...more });

/** A promise, and what fulfills it. */
function signal() {
  const made = {};
  made.promise = new Promise((resolve) => (made.give = resolve));
  return made;
}

/** What the server knows of a device. */
async function device(uuid) {
  return JSON.parse(await server.run('device', 'list', '--json')).find((each) => each.uuid === uuid);
}

/** Opens a tab whose requests of reports go the way that is given. */
function openOnTheWay(b, way) {
  const { fetch } = b.environment();
  return b.open(parameters(), {
    fetch: (address, init) =>
      address.endsWith('/v1/reports') ? way(() => fetch(address, init)) : fetch(address, init),
  });
}

/** Opens a tab that has looked for what others left over, so that it takes nothing up by itself for a while. */
async function openIdle(b, changes) {
  const license = await b.open(parameters(), changes);
  await license.submit();
  return license;
}

/** Holds that the browser's books and the server's are the same. */
async function exact(license, before, units) {
  await license.submit();
  const { recorded, accepted, pending, lost } = await license.info();
  assert.deepEqual({ recorded, accepted, pending, lost }, { recorded: units, accepted: units, pending: 0, lost: 0 });
  assert.equal((await server.total()) - before, units);
}

test('a run that is closed, and that another tab submitted and deleted, is not written again', async () => {
  const b = new Browser();
  const before = await server.total();
  const [sending, cut] = [signal(), signal()];
  const closing = await openOnTheWay(b, async () => {
    sending.give();
    await cut.promise;
    throw new TypeError('offline');
  });
  const other = await openIdle(b);
  closing.record('QR_CODE', 5);
  const closed = closing.close();
  await sending.promise;
  await other.submit();
  cut.give();
  await closed;
  await exact(other, before, 5);
});

test('nor is what is left of it once one of its slots was accepted', async () => {
  const b = new Browser();
  const before = await server.total();
  const [sending, goOn] = [signal(), signal()];
  let sent = 0;
  const closing = await openOnTheWay(b, async (send) => {
    // Too large for the server, it seems: so the next batch holds one slot of the two.
    if (++sent === 1) return new Response('openlts/1\n{"problem":{"code":-20191,"title":"","detail":""}}');
    sending.give();
    await goOn.promise;
    return send();
  });
  const other = await openIdle(b);
  closing.record('QR_CODE', 5);
  await closing.recordAt('QR_CODE', 3, Date.now() - 3600_000);
  const closed = closing.close();
  await sending.promise;
  await other.submit();
  goOn.give();
  await closed;
  await exact(other, before, 8);
});

test('what was refused for good is told to the server at once', async () => {
  const b = new Browser();
  const before = await server.total();
  const license = await openIdle(b);
  license.record('QR_CODE', 5);
  const { deviceUUID, runUUID } = await license.info();
  const kept = await license.store.entries('run/');
  await license.store.change([], (unit) => {
    const damaged = { ...kept.get('run/' + runUUID), id: 'damaged', closed: true };
    damaged.slots = { 1_800_000_000: { QR_CODE: 3 } };
    unit.put('run/damaged', damaged);
  });
  await license.submit();
  const { recorded, accepted, pending, lostRefused } = await license.info();
  assert.deepEqual(
    { recorded, accepted, pending, lostRefused },
    { recorded: 8, accepted: 5, pending: 0, lostRefused: 3 },
  );
  assert.equal((await server.total()) - before, 5);
  const { account } = await device(deviceUUID);
  assert.deepEqual([account.recorded, account.refused], [8, 3]);
});

test('a page whose storage failed makes its device no copy', async () => {
  const b = new Browser();
  const first = await openIdle(b);
  first.record('QR_CODE', 2);
  const broken = await b.open(parameters());
  await broken.store
    .change([], () => {
      throw new Error('the database is gone');
    })
    .catch(() => undefined);
  broken.record('QR_CODE', 50);
  await broken.submit();
  const info = await broken.info();
  assert.deepEqual([info.storage, info.accepted >= 50], ['memory', true]);
  await first.submit();
  first.record('QR_CODE', 3);
  await first.submit();
  assert.equal((await device(info.deviceUUID)).clonedAt, undefined);
  assert.deepEqual([info.recorded, info.pending], [info.accepted, 0]);
});

test('what comes after a pause is kept at once, and what follows within a second', async (t) => {
  const b = new Browser();
  b.at = Date.now();
  const license = await openIdle(b);
  const { setTimeout: set } = globalThis;
  let waits = [];
  t.mock.method(globalThis, 'setTimeout', (work, wait, ...rest) => {
    waits.push(wait);
    return set(work, wait, ...rest);
  });
  let units = 0;
  for (const [pause, wait] of [
    [0, 0],
    [0, 1000],
    [999, 1],
    [600, 400],
    [1000, 0],
    [86_399_000, 0],
    [-5000, 1000],
  ]) {
    b.at += pause;
    waits = [];
    license.record('QR_CODE');
    license.record('EAN_13');
    assert.deepEqual(waits, [wait], `after ${pause} ms`);
    units += 2;
    await until(async () => (await b.kept(license)) === units, `it is kept, after ${pause} ms`);
  }
});

for (const locks of [true, false]) {
  test(`a tab that was frozen for an hour goes on, with${locks ? '' : 'out'} locks`, async () => {
    const b = new Browser();
    const changes = locks ? {} : { locks: undefined };
    const before = await server.total();
    const frozen = await openIdle(b, changes);
    frozen.record('QR_CODE', 4);
    await frozen.recordAt('QR_CODE', 1, Date.now()); // all is kept when it resolves
    b.passed = 3600_000; // in which none of its timers comes
    const other = await openIdle(b, changes);
    // Whoever holds a lock is alive; where there are none, silence is death.
    assert.equal((await server.total()) - before, locks ? 0 : 5);
    frozen.record('QR_CODE', 3);
    await frozen.tick();
    frozen.record('QR_CODE', 2);
    await frozen.submit();
    await exact(other, before, 10);
  });
}

test('a later version of the package may change the database under a tab', async () => {
  const b = new Browser();
  const before = await server.total();
  const license = await b.open(parameters());
  license.record('QR_CODE', 2);
  await license.submit();
  license.record('QR_CODE', 3);
  await license.info(); // which keeps
  await new Promise((resolve, reject) => {
    const request = b.indexedDB.open('openlts', 2);
    request.onblocked = () => reject(new Error('the tab holds the database'));
    request.onsuccess = resolve;
  });
  license.record('QR_CODE', 4);
  await license.submit();
  const { accepted, pending, storage, storageFailure } = await license.info();
  assert.deepEqual([accepted, pending, storage], [9, 0, 'memory']);
  assert.match(storageFailure, /version/i);
  assert.equal((await server.total()) - before, 9);
});
