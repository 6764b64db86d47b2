// The scenarios of conformance/scenarios.json, against a real `lts serve`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  ChargeWay,
  EventKind,
  LTSError,
  StateFlag,
  StatusCode,
  version,
} from '../../../out/javascript/dist/openlts.mjs';
import { statusMessage, statusName } from '../../../out/javascript/dist/messages.mjs';
import { Browser, closeAll } from './browser-double.mjs';
import { repository, Server, sleep, until } from './server.mjs';

const definitions = JSON.parse(readFileSync(join(repository, 'conformance/definitions.json'), 'utf8'));
let server;
let counted = 0;

before(async () => {
  server = await new Server().start();
});
after(async () => {
  await closeAll();
  await server.remove();
});

const parameters = (more = {}) => ({ licenseServer: server.url, handshakeCode: '100001-reader', ...more });
const opened = (more, changes) => new Browser().open(parameters(more), changes);

function fails(code, message) {
  return (error) => {
    assert.ok(error instanceof LTSError, String(error));
    assert.equal(error.code, code, error.message);
    assert.equal(error.name, definitions.statusCodes.find((each) => each.value === code).name);
    if (message) assert.match(error.message, message);
    return true;
  };
}

/** Holds the invariant, and that the server has these units more. */
async function exact(license, units) {
  const info = await license.info();
  assert.equal(info.recorded, info.accepted + info.pending + info.lost);
  counted += units;
  assert.equal(await server.total(), counted);
  return info;
}

test('version', () => {
  assert.equal(version, JSON.parse(readFileSync(join(repository, 'bindings/javascript/package.json'), 'utf8')).version);
});

test('status_texts', () => {
  for (const { name, value, message } of definitions.statusCodes) {
    assert.equal(statusName(value), name);
    assert.equal(StatusCode[name], value);
    assert.equal(statusMessage(value), message);
  }
  assert.equal(statusName(-1), 'UNKNOWN');
});

test('defaults', async () => {
  const b = new Browser();
  const license = await b.open(parameters());
  const asked = JSON.parse(b.requests[0].init.body.split('\n')[1]);
  assert.deepEqual(
    [
      asked.maxBufferDays,
      asked.deploymentType,
      asked.chargeWay,
      asked.instanceCount,
      asked.products,
      asked.device.uuidSource,
    ],
    [7, 3, 0, 1, 65535, 'random'],
  );
  assert.equal((await license.info()).slotSeconds, 180);
  assert.equal(asked.validationField, 'shop.example.com');
});

test('authorize_by_code', async () => {
  const info = await (await opened()).info();
  assert.deepEqual(
    [info.handshakeCode, info.organizationID, info.itemID, info.stateFlags],
    ['100001-reader', '100001', 'scans', 0],
  );
  assert.equal(info.storage, 'indexeddb');
});

test('authorize_by_organization', async () => {
  const info = await (await opened({ handshakeCode: '', organizationID: '100001' })).info();
  assert.equal(info.handshakeCode, '100001-reader');
});

test('authorize_by_license_key', async () => {
  const printed = await server.run('handshake', 'key', '100001-reader', '--server', server.url);
  const key = printed.trim().split('\n').at(-1);
  const info = await (await new Browser().open({ licenseKey: key })).info();
  assert.equal(info.itemID, 'scans');
});

test('refuse_unknown_code', async () => {
  await assert.rejects(
    opened({ handshakeCode: 'nobody' }),
    fails(-20101, /^The handshake code you are using does not exist on the License Tracking Server\.$/),
  );
});

test('refuse_session_password', async () => {
  const b = new Browser();
  const locked = parameters({ handshakeCode: '100001-locked', sessionPassword: 'wrong' });
  await assert.rejects(b.open(locked), fails(-20102, /Session password is incorrect/));
  await b.open({ ...locked, sessionPassword: 's3cret' });
});

test('refuse_charge_way', async () => {
  for (const chargeWay of [1, ChargeWay.DEVICE_COUNT]) {
    await assert.rejects(opened({ chargeWay }), fails(-20115, /^ChargeWay for licenseItem is not matched\.$/));
  }
});

test('no_server', async () => {
  const address = await server.nobody();
  await assert.rejects(
    opened({ licenseServer: address }),
    fails(-20200, new RegExp(`Failed to reach License Tracking Server\\. ${address}`)),
  );
});

test('no_code', async () => {
  await assert.rejects(opened({ handshakeCode: '' }), fails(-20000, /No license specified/));
});

test('standby', async () => {
  const license = await opened({ licenseServer: [await server.nobody(), server.url] });
  assert.ok((await license.info()).stateFlags & StateFlag.STANDBY_USED);
  license.record('QR_CODE');
  assert.equal(await license.close(), StatusCode.OK);
  await exact(license, 1);
});

test('cache', async () => {
  const b = new Browser();
  const first = await b.open(parameters());
  const { deviceUUID } = await first.info();
  await first.close();
  b.offline = true;
  const second = await b.open(parameters());
  const info = await second.info();
  assert.ok(info.stateFlags & StateFlag.CACHE_USED);
  assert.deepEqual(
    [info.statusCode, info.deviceUUID, info.itemID],
    [StatusCode.LICENSE_CACHE_USED, deviceUUID, 'scans'],
  );
  assert.match(info.statusMessage, /offline/);
  await assert.rejects(b.open(parameters({ sessionPassword: 'another' })), fails(-20200));
});

test('record', async () => {
  const before = await server.counts('handshake,item,type');
  const license = await opened();
  license.record('QR_CODE', 3);
  license.record('EAN_13');
  license.record('EAN_13');
  assert.equal(await license.close(), StatusCode.OK);
  const now = await server.counts('handshake,item,type');
  for (const [type, n] of [
    ['QR_CODE', 3],
    ['EAN_13', 2],
  ]) {
    const key = `100001-reader scans ${type}`;
    assert.equal(now[key] - (before[key] ?? 0), n);
  }
  await exact(license, 5);
});

test('record_threads', async () => {
  // Tabs are a page's threads.
  const b = new Browser();
  const tabs = await Promise.all([1, 2, 3, 4].map(() => b.open(parameters())));
  assert.equal(new Set(await Promise.all(tabs.map(async (tab) => (await tab.info()).deviceUUID))).size, 1);
  for (let i = 0; i < 10_000; i++) {
    for (const tab of tabs) tab.record(i % 2 ? 'QR_CODE' : 'EAN_8');
    if (i % 1000 === 0) await sleep(0);
  }
  for (const tab of tabs) assert.equal(await tab.close(10_000), StatusCode.OK);
  await exact(tabs[0], 40_000);
});

test('record_errors', async () => {
  const license = await opened();
  assert.throws(() => license.record('QR_CODE', -1), fails(-20300));
  assert.throws(() => license.record('QR_CODE', 1.5), fails(-20300));
  assert.throws(() => license.record('NO_SUCH_TYPE'), fails(-20310));
  assert.throws(() => license.record(undefined), fails(-20310));
  license.record('QR_CODE', 0);
  await license.close();
  assert.throws(() => license.record('QR_CODE'), fails(-20301));
  await exact(license, 0);
});

test('host_type', async () => {
  const license = await opened();
  license.defineOperationType('MRZ');
  license.defineOperationType('MRZ');
  assert.throws(() => license.defineOperationType('mrz'), fails(-20300));
  license.record('MRZ', 4);
  await license.close();
  assert.equal((await server.counts()).MRZ, 4);
  await exact(license, 4);
});

test('record_at', async () => {
  const license = await opened();
  const now = Date.now();
  const hourAgo = new Date(now - 3600_000);
  await license.recordAt('DATAMATRIX', 2, hourAgo);
  await assert.rejects(license.recordAt('DATAMATRIX', 1, now + 3600_000), fails(-20309));
  await assert.rejects(license.recordAt('DATAMATRIX', 1, now - 31 * 86400_000), fails(-20309));
  await assert.rejects(license.recordAt('DATAMATRIX', 1, NaN), fails(-20309));
  await license.submit();
  await license.recordAt('DATAMATRIX', 3, hourAgo); // its slot is over, and with the server
  await license.submit();
  const slot = Math.floor(hourAgo / 180_000) * 180_000;
  const rows = JSON.parse(await server.run('stats', '--by', 'slot,type', '--json')).rows.filter(
    (row) => row.type === 'DATAMATRIX',
  );
  assert.equal(rows.length, 1);
  assert.equal(rows[0].slot, slot / 1000);
  assert.equal(rows[0].count, 5);
  await exact(license, 5);
});

test('submit', async () => {
  const license = await opened();
  for (let i = 1; i <= 3; i++) {
    license.record('QR_CODE', i);
    await license.submit();
    const info = await exact(license, i);
    assert.equal(info.pending, 0);
    assert.equal(info.accepted, (i * (i + 1)) / 2);
  }
});

test('events', async () => {
  const b = new Browser();
  const license = await b.open(parameters());
  const events = [];
  license.onEvent((event) => events.push(event));
  license.record('QR_CODE', 7);
  await license.submit();
  const submitted = events.find((event) => event.kind === EventKind.SUBMITTED);
  assert.equal(submitted.units, 7);
  b.offline = true;
  license.record('QR_CODE');
  await assert.rejects(license.submit(), fails(-20200));
  assert.equal(events.at(-1).kind, EventKind.SUBMIT_FAILED);
  assert.ok(events.at(-1).stateFlags & StateFlag.REPORTS_PENDING);
  b.offline = false;
  await license.submit();
  await exact(license, 8);
});

test('invariant', async () => {
  const license = await opened();
  license.record('QR_CODE', 5);
  let info = await license.info();
  assert.deepEqual([info.recorded, info.accepted, info.pending, info.lost], [5, 0, 5, 0]);
  await license.submit();
  info = await exact(license, 5);
  assert.deepEqual([info.recorded, info.accepted, info.pending, info.lost], [5, 5, 0, 0]);
});

test('double_close', async () => {
  const license = await opened();
  assert.equal(await license.close(), StatusCode.OK);
  assert.equal(await license.close(), StatusCode.OK);
});

test('outage', async () => {
  const b = new Browser();
  const license = await b.open(parameters());
  license.record('QR_CODE', 6);
  await server.stop();
  assert.equal(await license.close(), StatusCode.REPORTS_PENDING);
  await server.start();
  const next = await b.open(parameters());
  await until(async () => (await next.info()).pending === 0, 'the leftovers are submitted');
  await exact(next, 6);
});

test('kill', async () => {
  const b = new Browser();
  const license = await b.open(parameters());
  license.record('QR_CODE', 9);
  await until(async () => (await b.kept(license)) === 9, 'it is kept');
  license.record('QR_CODE'); // which is kept in a second
  b.kill(license);
  const next = await b.open(parameters());
  await until(async () => (await next.info()).pending === 0, 'the leftovers are submitted');
  await exact(next, 9);
});

test('device_uuid', async () => {
  const b = new Browser();
  const uuids = [];
  for (let i = 0; i < 2; i++) uuids.push((await (await b.open(parameters())).info()).deviceUUID);
  uuids.push((await (await opened()).info()).deviceUUID);
  assert.match(uuids[0], /^[0-9a-f-]{36}$/);
  assert.equal(uuids[0], uuids[1]);
  assert.notEqual(uuids[0], uuids[2]);
  const own = '5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a';
  assert.equal((await (await opened({ deviceUUID: own.toUpperCase() })).info()).deviceUUID, own);
});

test('bad_directory', async () => {
  for (const indexedDB of [
    undefined,
    {
      open() {
        throw new DOMException('blocked', 'SecurityError');
      },
    },
    {
      open() {
        const request = {};
        setTimeout(() => request.onerror?.());
        return request;
      },
    },
  ]) {
    const license = await opened({}, { indexedDB });
    let info = await license.info();
    assert.ok(info.stateFlags & StateFlag.STORAGE_DEGRADED);
    assert.equal(info.storage, 'memory');
    assert.notEqual(info.storageFailure, '');
    license.record('QR_CODE', 2);
    assert.equal(await license.close(), StatusCode.OK);
    info = await exact(license, 2);
    assert.equal(info.accepted, 2);
  }
});

test('two_licenses', async () => {
  const b = new Browser();
  const reader = await b.open(parameters());
  const locked = await b.open(parameters({ handshakeCode: '100001-locked', sessionPassword: 's3cret' }));
  const before = await server.counts('handshake');
  reader.record('QR_CODE', 2);
  locked.record('QR_CODE', 3);
  await reader.close();
  await locked.close();
  const now = await server.counts('handshake');
  assert.equal(now['100001-reader'] - before['100001-reader'], 2);
  assert.equal(now['100001-locked'] - (before['100001-locked'] ?? 0), 3);
  await exact(reader, 5);
});
