// The rules of docs/protocol.md that strangers, clocks and old reports put to the test, against a real `lts serve` with
// somebody on the way.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { EventKind, StateFlag, StatusCode } from '../../../out/javascript/dist/openlts.mjs';
import { Browser, closeAll } from './browser-double.mjs';
import { repository, Server, until } from './server.mjs';

const day = 86400_000;
let server;
let other; // another vendor's server, with a key of its own

before(async () => {
  server = await new Server().start();
  other = await new Server().start();
});
after(async () => {
  await closeAll();
  await server.remove();
  await other.remove();
});

const parameters = (more = {}) => ({ licenseServer: server.url, handshakeCode: '100001-reader', ...more });

/**
 * A browser on whose way somebody stands: tamper(address, text, answer) gives what arrives. What left the browser is in
 * `sent`.
 */
function browser(tamper) {
  const made = new Browser();
  made.tamper = tamper;
  made.sent = [];
  const plain = made.environment.bind(made);
  made.environment = (changes) => {
    const environment = plain(changes);
    const { fetch } = environment;
    environment.fetch = async (address, init) => {
      made.sent.push(`${init.method ?? 'GET'} ${address}`);
      if (!made.tamper) return fetch(address, init);
      const arrived = await made.tamper(address, init.body, async (body = init.body) =>
        (await fetch(address, { ...init, body })).text(),
      );
      return arrived instanceof Response ? arrived : new Response(arrived);
    };
    return environment;
  };
  return made;
}

async function fails(promise, code) {
  const error = await promise.then(
    () => undefined,
    (error) => error,
  );
  assert.equal(error?.code, code, String(error));
  return error;
}

test('what proves nothing is a server that was not reached: the cache is used', async () => {
  const b = browser();
  await (await b.open(parameters())).close();
  for (const [what, arrives] of Object.entries({
    'a login page': () => '<html>Welcome to our WLAN</html>',
    'an error of a proxy': () => new Response('bad gateway', { status: 502 }),
    'not found': () => new Response('', { status: 404 }),
    'a refusal without a signature': () =>
      'openlts/1\n{"problem":{"code":-20120,"title":"LIMIT_EXCEEDED","detail":"License has exceeded its limit."}}',
    'a refusal of another request': async (_, body, answer) => answer(body.replace('100001-reader', 'nobody')),
    'an answer to another request': async (_, body, answer) =>
      answer(body.replace('"maxBufferDays":7', '"maxBufferDays":8')),
    'nonsense in the frame': () => 'openlts/1\n[',
    'a number in the frame': () => 'openlts/1\n5',
    'a frame without an end': () => 'openlts/1',
    'an endless answer': () => 'openlts/1\n' + ' '.repeat(2_000_000),
    'a server that is busy': () =>
      'openlts/1\n{"problem":{"code":-20193,"title":"REQUEST_RATE_LIMITED","detail":"later"},"retryAfter":5}',
    'a JWS that is none': () => 'openlts/1\n{"authorization":"a.b.c","publicKey":"x"}',
    'a key of another server': async (_, body) =>
      (
        await fetch(other.url + '/v1/authorizations', {
          method: 'POST',
          body,
          headers: { 'Content-Type': 'text/plain' },
        })
      ).text(),
  })) {
    b.tamper = arrives;
    const license = await b.open(parameters());
    const info = await license.info();
    assert.ok(info.stateFlags & StateFlag.CACHE_USED, what);
    await license.close(0);
    // Without a cache, it fails, and nothing of it is final.
    const error = await browser(arrives)
      .open(parameters({ initTimeout: 5000 }))
      .then(
        () => undefined,
        (error) => error,
      );
    if (what !== 'a key of another server') assert.ok(error && !error.refused, what);
  }
});

test('a refusal that is proven is final, and ends what was granted before', async () => {
  const b = browser();
  const first = parameters({ handshakeCode: '100001-locked', sessionPassword: 's3cret' });
  await (await b.open(first)).close();
  await server.run('handshake', 'archive', '100001-locked');
  try {
    const error = await b.open(first).then(
      () => undefined,
      (error) => error,
    );
    assert.ok(error.refused, String(error));
    b.offline = true;
    await fails(b.open(first), -20200);
  } finally {
    await server.run('handshake', 'unarchive', '100001-locked');
  }
});

test('a server that was set up anew, or a pinned key, is believed by its key only', async () => {
  const b = browser();
  await (await b.open(parameters())).close();
  const cached = await b.open(parameters({ licenseServer: server.url }));
  await cached.close();
  b.tamper = async (address, body) =>
    (
      await fetch(address.replace(server.url, other.url), {
        method: 'POST',
        body,
        headers: { 'Content-Type': 'text/plain' },
      })
    ).text();
  const license = await b.open(parameters());
  assert.match((await license.info()).statusMessage, /not signed with the key this server is known by/);
  const key = JSON.parse(await server.run('key', 'show', '--json')).publicKey;
  await (await browser().open(parameters({ serverPublicKey: key }))).close();
  await fails(
    browser().open(parameters({ licenseServer: other.url, serverPublicKey: key })),
    StatusCode.SERVER_KEY_MISMATCH,
  );
});

/** What an address was asked and sent, in order: the method and the path of each request. */
const asked = (b, address) =>
  b.sent.filter((request) => request.includes(` ${address}/`)).map((request) => request.replace(address, ''));

const keys = 'GET /v1/keys';
const authorizations = 'POST /v1/authorizations';
const reports = 'POST /v1/reports';

/** Holds that an address was asked for its keys, and sent nothing. */
function sentNothing(b, address) {
  assert.deepEqual(Array.from(new Set(asked(b, address))), [keys]);
}

test('with a pinned key, an address is asked for its keys before anything is sent there', async () => {
  const key = JSON.parse(await server.run('key', 'show', '--json')).publicKey;
  const b = browser();
  const license = await b.open(parameters({ serverPublicKey: key }));
  license.record('QR_CODE');
  assert.equal(await license.close(), 0);
  assert.deepEqual(asked(b, server.url).slice(0, 3), [keys, authorizations, reports]);
  const wrong = browser();
  await fails(
    wrong.open(parameters({ licenseServer: other.url, serverPublicKey: key })),
    StatusCode.SERVER_KEY_MISMATCH,
  );
  sentNothing(wrong, other.url);
  // The server is asked for nothing that it is not meant to know, and the other is passed over.
  const either = browser();
  await (await either.open(parameters({ licenseServer: [other.url, server.url], serverPublicKey: key }))).close();
  sentNothing(either, other.url);
  // What shows no keys is no server.
  for (const [arrives, code] of [
    [() => '<html>Welcome</html>', StatusCode.SERVER_RESPONSE_INVALID],
    [() => '{"signingKeys":{"some":1}}', StatusCode.SERVER_RESPONSE_INVALID],
    [() => '{"signingKeys":[null]}', StatusCode.SERVER_RESPONSE_INVALID],
    [() => '{"signingKeys":[{"publicKey":"!"}]}', StatusCode.SERVER_RESPONSE_INVALID],
    [() => '{"signingKeys":[]}', StatusCode.SERVER_KEY_MISMATCH],
    [() => new Response('bad gateway', { status: 502 }), StatusCode.FAILED_TO_REACH_LTS],
  ]) {
    const stranger = browser(arrives);
    await fails(stranger.open(parameters({ serverPublicKey: key })), code);
    assert.deepEqual(asked(stranger, server.url), [keys]);
  }
});

test('a standby that is another server is sent no report', async () => {
  const b = browser();
  const window = Object.assign(new EventTarget(), { document: new EventTarget(), location: { protocol: 'http:' } });
  const license = await b.open(parameters({ licenseServer: [server.url, other.url] }), { window });
  license.record('QR_CODE', 2);
  b.tamper = (address, _, answer) => {
    if (address.startsWith(server.url)) throw new TypeError('gone');
    return answer();
  };
  const before = await server.total();
  window.dispatchEvent(new Event('pagehide'));
  await until(() => asked(b, other.url).length, 'the standby is asked for its keys');
  license.record('QR_CODE');
  await fails(license.submit(), StatusCode.SERVER_KEY_MISMATCH);
  sentNothing(b, other.url);
  b.tamper = undefined;
  await license.submit();
  assert.equal((await license.info()).pending, 0);
  assert.equal((await server.total()) - before, 3);
});

test('an address that leads to another server after all is sent no report', async () => {
  const b = browser();
  const first = await b.open(parameters());
  await first.close();
  b.tamper = async (address, body, answer) => {
    if (address.endsWith('/v1/authorizations')) return new Response('', { status: 503 });
    if (address.endsWith('/v1/keys')) return fetch(other.url + '/v1/keys');
    throw new Error(`${body} was sent to another server`);
  };
  const second = await b.open(parameters());
  second.record('QR_CODE', 4);
  b.sent.length = 0;
  await fails(second.submit(), StatusCode.SERVER_KEY_MISMATCH);
  assert.deepEqual(asked(b, server.url), [keys]);
  // An answer that is no receipt casts doubt on an address.
  b.tamper = undefined;
  b.sent.length = 0;
  await second.submit();
  second.record('QR_CODE', 1);
  await second.submit();
  assert.deepEqual(asked(b, server.url), [keys, reports, reports]);
  b.tamper = (address, _, answer) => (address.endsWith('/v1/reports') ? '<html>Welcome</html>' : answer());
  second.record('QR_CODE', 1);
  b.sent.length = 0;
  await fails(second.submit(), StatusCode.SERVER_RESPONSE_INVALID);
  b.tamper = undefined;
  await second.submit();
  assert.deepEqual(asked(b, server.url), [reports, keys, reports]);
});

test('reports are deleted on a valid receipt only', async () => {
  const b = browser();
  const license = await b.open(parameters());
  const before = await server.total();
  license.record('QR_CODE', 5);
  for (const [what, arrives] of Object.entries({
    'a success of a captive portal': () => 'openlts/1\n{"accepted":1}',
    'a receipt with another MAC': async (_, __, answer) => (await answer()).replace(/^openlts\/1 ./, 'openlts/1 !'),
    'a receipt that was changed': async (_, __, answer) => (await answer()).replace('"accepted":1', '"accepted":2'),
    'a lost answer': async (_, __, answer) => {
      await answer();
      throw new TypeError('gone');
    },
  })) {
    b.tamper = arrives;
    await assert.rejects(license.submit(), what);
    assert.equal((await license.info()).pending, 5, what);
  }
  b.tamper = undefined;
  await license.submit();
  const info = await license.info();
  assert.deepEqual([info.accepted, info.pending], [5, 0]);
  assert.equal((await server.total()) - before, 5);
});

test('a clock that is set back makes the cache useless, until a server is reached', async () => {
  const b = browser();
  await (await b.open(parameters())).close();
  b.offline = true;
  b.skew = 3 * day;
  await (await b.open(parameters())).close(0);
  b.skew = 8 * day; // 7 are allowed
  assert.match((await fails(b.open(parameters()), -20200)).message, /without the server until/);
  b.skew = 2 * day;
  assert.match((await fails(b.open(parameters()), -20200)).message, /set back/);
  b.offline = false;
  await (await b.open(parameters())).close();
});

test('a clock can not be set back behind what a tab has seen that lived for days', async () => {
  const b = browser();
  const license = await b.open(parameters());
  b.offline = true;
  b.passed = 6 * day;
  await license.tick();
  b.kill(license);
  b.skew = -5 * day;
  assert.match((await fails(b.open(parameters()), -20200)).message, /set back/);
  b.skew = 0;
  await (await b.open(parameters())).close(0);
  b.passed = 8 * day;
  assert.match((await fails(b.open(parameters()), -20200)).message, /without the server until/);
});

test('a clock that is set back while a tab lives makes it ask, and the time goes on from there', async () => {
  const b = browser();
  const license = await b.open(parameters());
  b.sent.length = 0;
  b.skew = -2 * day;
  await license.tick();
  assert.deepEqual(asked(b, server.url), [authorizations]);
  assert.ok((await license.info()).stateFlags & StateFlag.CLOCK_ANOMALY);
  b.offline = true;
  b.passed = 3 * day;
  b.skew = -4 * day;
  await license.tick();
  b.kill(license);
  // The clock shows less than at the authorization, and the time that has passed since counts all the same.
  b.passed = 6 * day;
  await (await b.open(parameters())).close(0);
  b.passed = 8 * day;
  assert.match((await fails(b.open(parameters()), -20200)).message, /without the server until/);
});

test('a clock that was 40 days ahead for a while leaves the authorization what it was', async () => {
  const b = browser();
  const license = await b.open(parameters());
  b.offline = true;
  for (const skew of [40 * day, 0]) {
    b.skew = skew;
    await license.tick();
  }
  b.kill(license);
  await (await b.open(parameters())).close(0);
});

test('a tab whose authorization ends says so, however its clock is set', async () => {
  const b = browser();
  const license = await b.open(parameters());
  b.offline = true;
  b.passed = 5 * day;
  await license.tick();
  assert.ok(!((await license.info()).stateFlags & StateFlag.AUTHORIZATION_LAPSED));
  b.passed = 8 * day;
  b.skew = -8 * day;
  await license.tick();
  assert.ok((await license.info()).stateFlags & StateFlag.AUTHORIZATION_LAPSED);
});

test('after 30 days a report is given up, and what the server has after all is not lost', async () => {
  const b = browser();
  const license = await b.open(parameters());
  const events = [];
  license.onEvent((event) => events.push(event));
  const before = await server.total();
  license.record('QR_CODE', 4);
  await license.submit();
  license.record('QR_CODE', 3); // of the same slot, or the next
  b.tamper = async (_, __, answer) => {
    await answer();
    throw new TypeError('gone');
  };
  await license.submit().catch(() => 0); // which arrives, and nobody learns of it
  license.record('EAN_13', 2);
  b.offline = true;
  await fails(license.submit(), -20200);
  b.tamper = undefined;
  b.passed = 32 * day;
  await fails(license.submit(), -20200);
  assert.ok((await license.info()).lostExpired >= 2);
  assert.ok(events.some((event) => event.kind === EventKind.REPORTS_PURGED));
  b.offline = false;
  await license.submit();
  const info = await license.info();
  assert.deepEqual([info.recorded, info.accepted, info.lostExpired, info.pending], [9, 7, 2, 0]);
  assert.equal((await server.total()) - before, 7);
});

test('a clock that is 40 days ahead makes nothing be given up', async () => {
  const b = browser();
  const license = await b.open(parameters());
  const before = await server.total();
  license.record('QR_CODE', 3);
  b.offline = true;
  await fails(license.submit(), -20200);
  b.skew = 40 * day; // in this tab, and in one that is opened
  await fails(license.submit(), -20200);
  b.kill(license);
  b.offline = false;
  const later = await b.open(parameters());
  await later.submit();
  const info = await later.info();
  assert.deepEqual([info.accepted, info.pending, info.lost], [3, 0, 0]);
  assert.equal((await server.total()) - before, 3);
});

test('what was counted by a clock 40 days behind is not given up once it is right', async () => {
  const b = browser();
  b.skew = -40 * day;
  const license = await b.open(parameters());
  const before = await server.total();
  b.offline = true;
  license.record('QR_CODE', 3);
  await fails(license.submit(), -20200);
  b.skew = 0; // in this tab, and in one that is opened
  license.record('QR_CODE', 2);
  await fails(license.submit(), -20200);
  assert.equal((await license.info()).lost, 0);
  b.kill(license);
  b.offline = false;
  const later = await b.open(parameters());
  await later.submit();
  const info = await later.info();
  assert.deepEqual([info.accepted, info.pending, info.lost], [5, 0, 0]);
  assert.equal((await server.total()) - before, 5);
});

test('a clock that goes back over slots that are with the server begins another run', async () => {
  const b = browser();
  b.skew = 10 * 60_000;
  const license = await b.open(parameters({ slotSeconds: 1 }));
  const before = await server.total();
  license.record('QR_CODE', 2);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  await license.submit();
  const { runUUID } = await license.info();
  b.skew = 0;
  license.record('QR_CODE', 1);
  await license.submit();
  assert.notEqual((await license.info()).runUUID, runUUID);
  assert.equal((await server.total()) - before, 3);
});

test('a failed report waits for the next initialization, unless it is asked for', async () => {
  const b = browser();
  const license = await b.open(parameters({ slotSeconds: 1 }));
  const reports = () => b.requests.filter(({ address }) => address.endsWith('/v1/reports')).length;
  b.offline = true;
  license.record('QR_CODE', 2);
  await until(() => reports() === 1, 'it is tried');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assert.equal(reports(), 1);
  b.offline = false;
  await license.submit();
  assert.equal((await license.info()).pending, 0);
});

test('what another version keeps is left alone', async () => {
  const b = browser();
  const first = await b.open(parameters());
  await first.store.change([], (unit) =>
    unit.put('run/of-the-future', { v: 2, id: 'of-the-future', slots: { 0: { X: 1 } } }),
  );
  await first.close();
  const second = await b.open(parameters());
  await second.submit();
  const kept = await second.store.change(['run/of-the-future'], (unit) => unit.get('run/of-the-future'));
  assert.equal(kept.v, 2);
});

test('a seat that lasts as long as the license is in use is given back', async () => {
  await server.run('handshake', 'add', 'seats', '--org', '100001');
  await server.run(
    'item',
    'add',
    'seats',
    '--org',
    '100001',
    '--id',
    'seats',
    '--charge-way',
    'concurrent-device',
    '--quota',
    '10',
    '--handshake',
    '100001-seats',
  );
  const b = browser();
  const license = await b.open(parameters({ handshakeCode: '100001-seats' }));
  await license.close();
  const last = b.requests.at(-1).init.body.split('\n')[1];
  assert.deepEqual(JSON.parse(last).closed, [{ handshakeCode: '100001-seats', item: 'seats' }]);
});

test('a device without storage gives its seat back: it never comes again', async () => {
  await server.run('handshake', 'add', 'homeless', '--org', '100001');
  await server.run(
    'item',
    'add',
    'homeless',
    '--org',
    '100001',
    '--charge-way',
    'device',
    '--quota',
    '2',
    '--handshake',
    '100001-homeless',
  );
  for (let i = 0; i < 6; i++) {
    const b = browser();
    const license = await b.open(parameters({ handshakeCode: '100001-homeless' }), { indexedDB: undefined });
    license.record('QR_CODE');
    assert.equal(await license.close(), 0);
  }
});

test('parameters that can not be', async () => {
  for (const [name, value] of Object.entries({
    licenseServer: '',
    handshakeCode: 5,
    deviceUUID: 'x',
    slotSeconds: 7,
    serverPublicKey: 'AAAA',
    products: 0,
    resubmit: 'never',
    limitedLicenseModules: [99],
    chargeWay: 'ScanCounts',
    requestTimeout: -1,
    sessionPassword: 'x'.repeat(300),
  })) {
    await fails(browser().open(parameters({ [name]: value })), StatusCode.INVALID_ARGUMENT);
  }
  for (const licenseServer of [
    'ftp://example.com',
    'example.com',
    'https://user:pass@example.com',
    'https://example.com/?x',
    5,
  ]) {
    await fails(browser().open(parameters({ licenseServer })), StatusCode.INVALID_ARGUMENT);
  }
  for (const licenseKey of ['LTS1!', 'LTS1AAAA', 'x'])
    await fails(browser().open({ licenseKey }), StatusCode.INVALID_ARGUMENT);
});

test('slots: the golden vectors', async () => {
  const { slots } = JSON.parse(readFileSync(join(repository, 'conformance/slots.json'), 'utf8'));
  for (const { time, slotSeconds, start } of slots) {
    const b = browser();
    const license = await b.open(parameters());
    // The arithmetic, at any time, to which both clocks go.
    Object.assign(license.meter, { slotSeconds });
    b.at = time * 1000 + 500;
    license.record('QR_CODE');
    assert.deepEqual(
      Object.keys(license.meter.run.slots instanceof Map ? Object.fromEntries(license.meter.run.slots) : {}),
      [String(start)],
    );
    b.kill(license);
  }
});
