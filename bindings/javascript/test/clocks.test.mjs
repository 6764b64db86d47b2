// Clocks that are wrong, and are set, against a real `lts serve`: what was counted by them belongs to the slots of the
// server's time, is counted once, and is not given up.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, closeAll } from './browser-double.mjs';
import { Server } from './server.mjs';

const minute = 60_000;
const day = 86400_000;
let server;

before(async () => {
  server = await new Server().start();
});
after(async () => {
  await closeAll();
  await server.remove();
});

/** A browser, and what it counts: under a type of its own, by the right time. */
class Counting extends Browser {
  static made = 0;
  type = `CLOCK_${++Counting.made}`;
  total = 0;
  since = Date.now();

  async start(changes) {
    const parameters = { licenseServer: server.url, handshakeCode: '100001-reader' };
    this.license = await this.open(parameters, changes);
    this.license.defineOperationType(this.type);
    await this.license.submit(); // what it does by itself at the start is over
  }

  count(n) {
    this.license.record(this.type, n);
    this.total += n;
  }

  /** Time passes, and with it the interval at which pages submit. */
  async pass(milliseconds) {
    this.passed += milliseconds;
    await this.license.tick();
  }

  /** Holds that all is on the server, and in the books; in slots of the right time, unless it is told that not. */
  async exact(moved = true) {
    await this.license.submit();
    const info = await this.license.info();
    const books = [info.recorded, info.accepted, info.pending, info.lost];
    assert.deepEqual(books, [this.total, this.total, 0, 0]);
    const rows = JSON.parse(await server.run('stats', '--by', 'slot,type', '--type', this.type, '--json')).rows;
    assert.equal(
      rows.reduce((sum, row) => sum + row.count, 0),
      this.total,
    );
    // Clocks that differ by less than a day are right, and a shift is told in whole seconds: a slot more or less.
    const near = (row) => row.slot * 1000 > this.since - 6 * minute && row.slot * 1000 < Date.now() + this.passed;
    if (moved)
      assert.deepEqual(
        rows.filter((row) => !near(row)),
        [],
      );
    return rows.length;
  }
}

for (const [name, { begins = () => 0, online = false, wrongly = 0, then }] of Object.entries({
  'begins in 1970, offline': { begins: () => 10_000 - Date.now() },
  'begins in 1970, then in 2000': { begins: () => 10_000 - Date.now(), then: () => 946684800_000 - Date.now() },
  'begins in 1970, online': { begins: () => 10_000 - Date.now(), online: true },
  'two months ahead, offline': { begins: () => 61 * day },
  'two days behind, offline': { begins: () => -2 * day },
  'a minute behind, offline': { begins: () => -minute },
  'a wrong date, corrected later': { wrongly: 40 * day },
  'a date that lies back, corrected later': { wrongly: -40 * day },
  'two months ahead, and online': { begins: () => 61 * day, online: true },
})) {
  test(`a clock that is set while a license is in use: ${name}`, async () => {
    const b = new Counting();
    b.skew = begins();
    await b.start();
    b.offline = !online;
    b.count(3);
    if (wrongly) {
      await b.pass(60 * minute);
      b.skew = wrongly;
      await b.pass(0);
    }
    await b.pass(10 * minute);
    b.count(5);
    await b.pass(4000);
    b.count(7);
    if (online) await b.license.submit();
    if (then) {
      b.skew = then();
      await b.pass(0);
      await b.pass(3 * minute);
      b.count(2);
      await b.pass(3 * minute);
    }
    b.skew = 0;
    b.count(11);
    await b.pass(0);
    b.offline = false;
    await b.pass(3 * minute);
    await b.exact();
  });
}

for (const [name, begins] of Object.entries({
  'begins in 1970': () => 10_000 - Date.now(),
  'two months back': () => -61 * day,
  'two months ahead': () => 61 * day,
  right: () => 0,
})) {
  for (const killed of [false, true]) {
    test(`a clock that is right at the next start: ${name}, ${killed ? 'killed' : 'closed'}`, async () => {
      const b = new Counting();
      b.skew = begins();
      await b.start();
      b.offline = true;
      b.count(3);
      await b.pass(10 * minute);
      b.count(5);
      await b.license.info(); // which keeps
      if (killed) b.kill(b.license);
      else await b.license.close();
      b.passed += 60 * minute;
      b.skew = 0;
      b.offline = false;
      await b.start();
      b.count(11);
      await b.exact();
    });
  }
}

test('a clock that went ahead while the computer slept is right', async () => {
  const b = new Counting();
  await b.start();
  b.count(3);
  b.slept = 3 * day;
  b.offline = true;
  b.count(5);
  await b.pass(0);
  b.count(7); // in doubt
  const { runUUID } = await b.license.info();
  b.offline = false;
  await b.exact();
  assert.notEqual((await b.license.info()).runUUID, runUUID);
});

test('nothing that is in doubt is sent, and nothing of it is lost with its tab', async () => {
  for (const end of ['killed', 'closed']) {
    const b = new Counting();
    await b.start();
    b.offline = true;
    b.skew = 40 * day;
    b.count(5);
    await b.pass(10 * minute);
    await assert.rejects(b.license.submit(), { code: -20200 });
    assert.ok(!b.requests.some(({ init }) => init.body.includes(b.type)));
    if (end === 'killed') b.kill(b.license);
    else await b.license.close();
    b.skew = 0;
    b.offline = false;
    await b.start();
    b.count(11);
    await b.exact(false);
  }
});

test('a server that answers, and tells no time, ends the doubt: what was counted by that clock is sent', async () => {
  await server.run('handshake', 'add', 'passing', '--org', '100001');
  await server.run(
    ...['item', 'add', 'passing', '--org', '100001', '--charge-way', 'scan', '--quota', '1000'],
    ...['--handshake', '100001-passing'],
  );
  const b = new Counting();
  b.license = await b.open({ licenseServer: server.url, handshakeCode: '100001-passing' });
  b.license.defineOperationType(b.type);
  await server.run('handshake', 'archive', '100001-passing');
  b.skew = 40 * day;
  b.count(5);
  await b.exact(false);
});
