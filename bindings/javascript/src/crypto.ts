import { encode, utf8, type Bytes } from './bytes.js';
import type { Environment } from './environment.js';
import { ed25519Verify, x25519 } from './curve25519.js';
import { concat, hkdf, hmac, sha256 } from './sha256.js';

// WebCrypto does what may take its time, if it is there (a page of https) and knows the
// algorithm. Digests and MACs are made on the spot: a page that is about to die gets no answer
// of a promise any more.

/** The SHA-256 of a text in base64url. */
export function digest(text: string): string {
  return encode(sha256(utf8(text)));
}

/** The id of a key: base64url of the first 12 bytes of its SHA-256. */
export function keyID(bytes: ArrayLike<number>): string {
  return encode(sha256(bytes).slice(0, 12));
}

export function reportMAC(key: Bytes, body: string): string {
  return encode(hmac(key, utf8('openlts/1/report\n' + body)));
}

export function receiptMAC(key: Bytes, request: string, answer: string): string {
  return encode(hmac(key, concat(utf8('openlts/1/receipt\n'), sha256(utf8(request)), utf8(answer))));
}

export async function verify(env: Environment, key: Bytes, message: string, signature: Bytes): Promise<boolean> {
  const text = utf8(message);
  const subtle = env.crypto.subtle as SubtleCrypto | undefined;
  if (subtle) {
    try {
      const imported = await subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
      return await subtle.verify('Ed25519', imported, signature, text);
    } catch {
      // An algorithm it does not know, or a key it does not like: the other one decides.
    }
  }
  return ed25519Verify(key, text, signature);
}

/** The public key of an X25519 key. */
export function publicKey(key: Bytes): Bytes {
  return Uint8Array.from(x25519(key, [9])!);
}

/** The key that authenticates reports and receipts, and its id; see docs/protocol.md. */
export async function reportKey(
  env: Environment,
  key: Bytes,
  own: Bytes,
  server: Bytes,
): Promise<{ secret: Bytes; id: string } | undefined> {
  let shared: ArrayLike<number> | undefined;
  try {
    const { subtle } = env.crypto;
    const name = 'X25519';
    const ours = { kty: 'OKP', crv: name, d: encode(key), x: encode(own) };
    const imported = await subtle.importKey('jwk', ours, name, false, ['deriveBits']);
    const theirs = await subtle.importKey('raw', server, name, false, []);
    shared = new Uint8Array(await subtle.deriveBits({ name, public: theirs }, imported, 256));
  } catch {
    // As with signatures. A point of low order gives undefined.
    shared = x25519(key, server);
  }
  const both = concat(own, server);
  return shared && { secret: Uint8Array.from(hkdf(shared, both, utf8('openlts/1/report-key'))), id: keyID(both) };
}

export function random(env: Environment, length: number): Bytes {
  return env.crypto.getRandomValues(new Uint8Array(length));
}

export function uuid(env: Environment): string {
  const bytes = random(env, 16);
  bytes[6] = (bytes[6]! & 15) | 64;
  bytes[8] = (bytes[8]! & 63) | 128;
  const hex = Array.from(bytes, (b) => (b + 256).toString(16).slice(1)).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
