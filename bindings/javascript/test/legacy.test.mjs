// The edition for old browsers. None of those can be run here: it is held to their language (es-check), to an engine
// without typed arrays (Duktape), and to what they had of the web, in a browser that all else was taken from.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { Chromium, missing, profile, removeProfile } from './engines.mjs';
import { PageServer } from './page-server.mjs';
import { repository, Server, sleep, until } from './server.mjs';

const file = join(repository, 'out/javascript/dist/openlts.legacy.js');

test('it is ECMAScript 5', () => {
  execFileSync(join(repository, 'bindings/javascript/node_modules/.bin/es-check'), ['es5', file], { stdio: 'pipe' });
});

test(
  'Duktape, without typed arrays',
  { skip: existsSync('/usr/bin/duk') ? false : 'duk is not installed: build/bootstrap all installs it' },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lts-duk-'));
    try {
      const crypto = join(directory, 'crypto.js');
      await build({
        stdin: {
          contents: `
        import * as digests from './src/sha256.js';
        import * as curve from './src/pure-crypto.js';
        globalThis.pure = { ...digests, ...curve };`,
          resolveDir: join(repository, 'bindings/javascript'),
        },
        bundle: true,
        format: 'iife',
        target: 'es5',
        outfile: crypto,
        define: { globalThis: 'window' },
      });
      const script = join(directory, 'test.js');
      writeFileSync(
        script,
        `
      var window = this;
      ['Uint8Array', 'ArrayBuffer', 'Int32Array', 'Float64Array', 'DataView', 'Buffer', 'TextEncoder', 'TextDecoder',
        'Promise'].forEach(function (name) { delete window[name]; });
      var timers = [];
      function setTimeout(f) { timers.push(f); return timers.length; }
      function clearTimeout() {}
      var v = ${readFileSync(join(repository, 'conformance/signing.json'), 'utf8')};
      var alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      function bytes(text) {
        var list = [], n = 0, bits = 0;
        for (var i = 0; i < text.length; i++) {
          n = ((n << 6) | alphabet.indexOf(text.charAt(i))) & 0xffff;
          bits += 6;
          if (bits >= 8) list.push((n >> (bits -= 8)) & 255);
        }
        return list;
      }
      function utf8(text) {
        var list = [];
        for (var i = 0; i < text.length; i++) list.push(text.charCodeAt(i));
        return list;
      }
      function check(name, got, want) { if (String(got) !== String(want)) throw new Error(name + ': ' + got); }
      ${readFileSync(crypto, 'utf8')}
      var shared = pure.x25519(bytes(v.devicePrivateKey), bytes(v.serverPublicKey));
      var both = pure.concat(bytes(v.devicePublicKey), bytes(v.serverPublicKey));
      check('report key', pure.hkdf(shared, both, utf8('openlts/1/report-key')), bytes(v.reportKey));
      check('MAC', pure.hmac(bytes(v.reportKey), utf8('openlts/1/report\\n' + v.reportBody)), bytes(v.reportMAC));
      var parts = v.jws.split('.');
      var signing = bytes(v.signingPublicKey);
      var signed = parts[0] + '.' + parts[1];
      check('signature', pure.ed25519Verify(signing, utf8(signed), bytes(parts[2])), true);
      check('another', pure.ed25519Verify(signing, utf8(signed + 'x'), bytes(parts[2])), false);
      check('public key', pure.x25519Public(bytes(v.devicePrivateKey)), bytes(v.devicePublicKey));
      var zero = bytes(v.devicePublicKey).map(function () { return 0; });
      check('low order', pure.x25519(bytes(v.devicePrivateKey), zero), null);
      // The file itself: nobody answers, and it declares that it has no generator that can't be guessed.
      var sent;
      function XMLHttpRequest() {}
      XMLHttpRequest.prototype = {
        withCredentials: false, open: function () {}, setRequestHeader: function () {},
        send: function (body) { sent = body; this.readyState = 4; this.status = 0; this.onreadystatechange(); }
      };
      ${readFileSync(file, 'utf8')}
      var got;
      OpenLTSLegacy.createLicense({ licenseServer: 'http://127.0.0.1', handshakeCode: 'x' },
        function (error) { got = error; });
      check('unreached', got.code, -20200);
      check('first line', sent.split('\\n')[0], 'openlts/1');
      check('source', JSON.parse(sent.split('\\n')[1]).device.uuidSource, 'weak');
      print('passed');`,
      );
      assert.match(execFileSync('/usr/bin/duk', [script], { encoding: 'utf8', timeout: 60_000 }), /passed/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
);

test('a browser of old', { skip: missing('chromium') || false }, async () => {
  const server = await new Server().start();
  const pages = await new PageServer().start();
  const directory = profile();
  let browser = await Chromium.start(directory);
  try {
    const page = `${pages.url}/pages/legacy.html`;
    const begin = (
      more = '',
    ) => `window.license = null; window.failure = null; OpenLTSLegacy.createLicense({ licenseServer: '${server.url}',
      handshakeCode: '100001-reader', slotSeconds: 1 ${more} }, function (error, made) {
      failure = error && [error.code, error.name, error.message];
      license = made;
    }); 0`;
    const open = async () => {
      const tab = await browser.open(page);
      await tab.evaluate(begin());
      await until(() => tab.evaluate('!!(license || failure)'), 'it is authorized');
      assert.equal(await tab.evaluate('failure'), null);
      return tab;
    };
    let tab = await open();
    const info = await tab.evaluate('license.info()');
    assert.deepEqual([info.itemID, info.weak, info.storage], ['scans', true, 'localStorage']);
    await tab.evaluate(
      `license.record('QR_CODE', 3); license.record('EAN_13'); window.ended = false;
      license.close(function (error) { ended = error || true; }); 0`,
    );
    await until(() => tab.evaluate('ended === true'), 'it is closed');
    assert.equal(await server.total(), 4);

    await tab.evaluate(begin(`, handshakeCode: 'nobody'`));
    await until(() => tab.evaluate('!!failure'), 'it is refused');
    assert.deepEqual(await tab.evaluate('failure'), [
      -20101,
      'HANDSHAKE_CODE_NOT_FOUND',
      'The handshake code you are using does not exist on the License Tracking Server.',
    ]);

    // An address that leads to another server is asked for its keys, and sent nothing.
    const asked = [];
    const other = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.end('{"signingKeys":[{"publicKey":"AAAA"}]}');
    });
    await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
    const wrong = `http://127.0.0.1:${other.address().port}`;
    const pinned = `, serverPublicKey: '${JSON.parse(await server.run('key', 'show', '--json')).publicKey}'`;
    await tab.evaluate(begin(`${pinned}, licenseServer: '${wrong}', handshakeCode: 'nobody'`));
    await until(() => tab.evaluate('!!failure'), 'it is not sent a request for an authorization');
    assert.equal(await tab.evaluate('failure[1]'), 'SERVER_KEY_MISMATCH');
    await tab.evaluate(begin(`${pinned}, licenseServer: ['${wrong}', '${server.url}']`));
    await until(() => tab.evaluate('!!license'), 'the server that is meant is asked');
    await tab.evaluate(
      `license.record('QR_CODE'); window.ended = false; license.close(function (error) { ended = error || true; }); 0`,
    );
    await until(() => tab.evaluate('ended === true'), 'it is closed');
    assert.equal(await server.total(), 5);
    assert.deepEqual(asked, ['GET /v1/keys', 'GET /v1/keys', 'GET /v1/keys']);
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
    await tab.close();

    // A page dies, and the browser with it: the next one sends what it kept.
    tab = await open();
    const uuid = await tab.evaluate('license.info().deviceUUID');
    assert.equal(uuid, info.deviceUUID);
    await server.stop();
    await tab.evaluate(`license.record('CODE_39', 5)`);
    await sleep(2500); // the browser itself writes localStorage out now and then
    await tab.close();
    tab = await browser.open(page);
    await tab.evaluate(begin());
    await until(() => tab.evaluate('!!license'), 'the authorization that was kept is used');
    assert.equal(await tab.evaluate('license.info().cached'), true);
    await tab.close();
    await server.start();
    await sleep(3500); // three slots of silence
    tab = await open();
    await until(async () => (await server.total()) === 10, 'the run of the dead page is sent');
    await tab.close();
  } finally {
    await browser.close();
    await pages.stop();
    await server.remove();
    removeProfile(directory);
  }
});
