// The modules in plain JavaScript, for browsers of today and for old ones: golden vectors, those of the RFCs, and
// random comparison with an audited library and with OpenSSL.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import * as modern from '../src/curve25519.js';
import * as legacy from '../src/pure-crypto.js';
import * as shared from '../src/sha256.js';
import { repository } from './server.mjs';

const vectors = JSON.parse(readFileSync(join(repository, 'conformance/signing.json'), 'utf8'));
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'base64url'));
const text = (list) => Buffer.from(list).toString('base64url');
const hex = (list) => Buffer.from(list).toString('hex');
const fromHex = (text) => Uint8Array.from(Buffer.from(text, 'hex'));
const utf8 = (text) => Buffer.from(text, 'utf8');
const nine = Uint8Array.from({ length: 32 }, (_, i) => (i ? 0 : 9));

for (const [name, module] of Object.entries({ modern, legacy })) {
  const pure = { ...shared, ...module };

  test(`${name}: golden vectors`, () => {
    const v = vectors;
    assert.equal(text(pure.x25519(bytes(v.devicePrivateKey), nine)), v.devicePublicKey);
    const both = pure.concat(bytes(v.devicePublicKey), bytes(v.serverPublicKey));
    for (const [own, other] of [
      [v.devicePrivateKey, v.serverPublicKey],
      [v.serverPrivateKey, v.devicePublicKey],
    ]) {
      const key = pure.hkdf(pure.x25519(bytes(own), bytes(other)), both, utf8('openlts/1/report-key'));
      assert.equal(text(key), v.reportKey);
    }
    assert.equal(text(pure.sha256(both).slice(0, 12)), v.reportKeyID);
    const key = bytes(v.reportKey);
    const mac = (label, ...parts) => text(pure.hmac(key, pure.concat(utf8(label), ...parts)));
    assert.equal(mac('openlts/1/report\n', utf8(v.reportBody)), v.reportMAC);
    assert.equal(mac('openlts/1/report\n'), v.macOfEmptyReport);
    assert.equal(mac('openlts/1/receipt\n', pure.sha256(utf8(v.reportBody)), utf8(v.receiptBody)), v.receiptMAC);
    assert.equal(text(pure.sha256(utf8(v.requestBody))), v.requestDigest);
    assert.equal(`openlts/1 ${v.reportKeyID} ${v.reportMAC}\n${v.reportBody}`, v.framedReport);
    for (const jws of [v.jws, v.refusalJWS]) {
      const [head, payload, signature] = jws.split('.');
      const message = utf8(head + '.' + payload);
      assert.ok(pure.ed25519Verify(bytes(v.signingPublicKey), message, bytes(signature)));
      message[20] ^= 1;
      assert.ok(!pure.ed25519Verify(bytes(v.signingPublicKey), message, bytes(signature)));
    }
    assert.equal(text(pure.sha256(bytes(v.signingPublicKey)).slice(0, 12)), v.signingKeyID);
  });

  test(`${name}: digests and MACs of all lengths`, () => {
    for (let n = 0; n < 300; n++) {
      const message = crypto.randomBytes(n);
      assert.equal(hex(pure.sha256(message)), hex(sha256(message)));
      assert.equal(hex(pure.sha512(message)), hex(sha512(message)));
      const key = crypto.randomBytes(n % 150);
      assert.equal(hex(pure.hmac(key, message)), crypto.createHmac('sha256', key).update(message).digest('hex'));
      assert.equal(hex(pure.hkdf(key, message, utf8('x'))), hex(hkdf(sha256, key, message, utf8('x'), 32)));
    }
    const large = crypto.randomBytes(100_000);
    assert.equal(hex(pure.sha256(large)), hex(sha256(large)));
  });

  test(`${name}: X25519: RFC 7748`, () => {
    const scalar = fromHex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4');
    const point = fromHex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c');
    assert.equal(hex(pure.x25519(scalar, point)), 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552');
    let k = fromHex('09' + '00'.repeat(31));
    let u = k;
    for (let i = 0; i < 1000; i++) [k, u] = [Uint8Array.from(pure.x25519(k, u)), k];
    assert.equal(hex(k), '684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  });

  test(`${name}: X25519: points of low order`, () => {
    for (const point of [
      '00'.repeat(32),
      '01' + '00'.repeat(31),
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ]) {
      assert.ok(!pure.x25519(crypto.randomBytes(32), fromHex(point)), point);
    }
  });

  test(`${name}: X25519: random, also numbers beyond the prime`, () => {
    for (let i = 0; i < 40; i++) {
      const scalar = crypto.randomBytes(32);
      const point = crypto.randomBytes(32);
      if (i % 4 === 0) point.fill(255, 1, 31); // near the prime
      assert.equal(hex(pure.x25519(scalar, point)), hex(x25519.getSharedSecret(scalar, point)));
      assert.equal(hex(pure.x25519(scalar, nine)), hex(x25519.getPublicKey(scalar)));
    }
  });

  test(`${name}: Ed25519: RFC 8032`, () => {
    for (const [key, message, signature] of [
      [
        'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
        '',
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
          '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      ],
      [
        '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
        '72',
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
          '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
      ],
      [
        'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
        'af82',
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
          '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
      ],
    ]) {
      assert.ok(pure.ed25519Verify(fromHex(key), fromHex(message), fromHex(signature)));
      assert.ok(!pure.ed25519Verify(fromHex(key), fromHex(message + '00'), fromHex(signature)));
    }
  });

  test(`${name}: Ed25519: random, and every way to spoil a signature`, () => {
    for (let i = 0; i < 25; i++) {
      const secret = crypto.randomBytes(32);
      const key = ed25519.getPublicKey(secret);
      const message = crypto.randomBytes(i * 11);
      const signature = ed25519.sign(message, secret);
      assert.ok(pure.ed25519Verify(key, message, signature));
      for (const at of [0, 31, 32, 63, i]) {
        const spoilt = Uint8Array.from(signature);
        spoilt[at] ^= 1 << (i % 8);
        assert.ok(!pure.ed25519Verify(key, message, spoilt));
      }
      // S and S + the order would both verify otherwise.
      const order = BigInt('0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed');
      let s = BigInt('0x' + Buffer.from(signature.subarray(32)).reverse().toString('hex')) + order;
      const larger = Uint8Array.from(signature);
      for (let j = 32; j < 64; j++, s >>= 8n) larger[j] = Number(s & 255n);
      if (s === 0n) assert.ok(!pure.ed25519Verify(key, message, larger));
    }
  });

  test(`${name}: Ed25519: keys that are none`, () => {
    const signature = new Uint8Array(64);
    for (const key of [
      'ff'.repeat(32),
      '02' + '00'.repeat(31),
      'ed' + 'ff'.repeat(30) + '7f',
      '01' + '00'.repeat(30) + '80',
    ]) {
      assert.ok(!pure.ed25519Verify(fromHex(key), utf8('x'), signature), key);
    }
    for (const [key, length] of [
      [31, 64],
      [33, 64],
      [32, 63],
      [32, 65],
      [0, 0],
    ]) {
      assert.ok(!pure.ed25519Verify(new Uint8Array(key), utf8('x'), new Uint8Array(length)));
    }
  });

  test(`${name}: it leaves its arguments alone`, () => {
    const scalar = crypto.randomBytes(32);
    const before = hex(scalar);
    pure.x25519(scalar, scalar);
    pure.ed25519Verify(scalar, scalar, new Uint8Array(64));
    assert.equal(hex(scalar), before);
  });
}

test('both modules say the same of any bytes', () => {
  for (let i = 0; i < 60; i++) {
    const [scalar, point] = [crypto.randomBytes(32), crypto.randomBytes(32)];
    assert.deepEqual(modern.x25519(scalar, point), legacy.x25519(scalar, point));
    // Half of these keys are no points, and small numbers are those with a second way to be written.
    const key =
      i % 2 ? point : Uint8Array.from(fromHex('ff'.repeat(31) + '7f').map((b, at) => (at ? b : 0xe0 + (i >> 1))));
    const signature = crypto.randomBytes(64);
    signature[63] &= 15;
    assert.equal(modern.ed25519Verify(key, point, signature), legacy.ed25519Verify(key, point, signature));
  }
});

test('the report key, by WebCrypto where it can', async () => {
  const { outputFiles } = await build({
    entryPoints: [join(repository, 'bindings/javascript/src/crypto.ts')],
    bundle: true,
    format: 'esm',
    write: false,
  });
  const { reportKey } = await import(
    'data:text/javascript;base64,' + Buffer.from(outputFiles[0].contents).toString('base64')
  );
  const { subtle } = crypto.webcrypto;
  const v = vectors;
  const unknown = async () => {
    throw new DOMException('an algorithm it does not know', 'NotSupportedError');
  };
  let derived = 0;
  const here = {
    importKey: (...args) => subtle.importKey(...args),
    deriveBits: async (...args) => {
      const bits = await subtle.deriveBits(...args);
      derived++;
      return bits;
    },
  };
  for (const [what, can] of Object.entries({
    'WebCrypto knows it': here,
    'a page of http': undefined,
    'no X25519': { importKey: unknown },
    'no derivation': { ...here, deriveBits: unknown },
  })) {
    const key = (secret, own, other) => reportKey({ crypto: { subtle: can } }, bytes(secret), bytes(own), bytes(other));
    const before = derived;
    const { secret, id } = await key(v.devicePrivateKey, v.devicePublicKey, v.serverPublicKey);
    assert.deepEqual([text(secret), id], [v.reportKey, v.reportKeyID], what);
    assert.equal(derived - before, can === here ? 1 : 0, what);
    // Points of low order: 0, 1, and one of order 8.
    for (const point of [
      '00'.repeat(32),
      '01' + '00'.repeat(31),
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    ]) {
      assert.equal(await key(v.devicePrivateKey, v.devicePublicKey, text(fromHex(point))), undefined, what);
    }
  }
});
