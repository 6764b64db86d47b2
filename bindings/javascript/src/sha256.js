// SHA-256, HMAC and HKDF in plain JavaScript.
//
// Pages on http have no WebCrypto, and where a page is about to die nobody waits for a promise. The file is
// ECMAScript 5 without typed arrays, because the edition for old browsers uses it too. Bytes are arrays of numbers
// from 0 to 255; an argument may be anything with a length and indices.

// The constants of SHA-2 are the fractional parts of roots: for the rounds, the cube roots of the first 80 primes,
// and for the initial hash values the square roots of the first 8. SHA-256 takes the upper 32 bits of each, which
// come of the arithmetic there is; SHA-512 takes 64.
export var PRIMES = [];
export var ROUNDS = [];
export var INITIAL = [];

for (var candidate = 2; PRIMES.length < 80; candidate++) {
  var divisor = 2;
  while (candidate % divisor) divisor++;
  if (divisor === candidate) {
    PRIMES.push(candidate);
    ROUNDS.push(((Math.pow(candidate, 1 / 3) % 1) * 0x100000000) | 0);
    if (PRIMES.length <= 8) INITIAL.push(((Math.pow(candidate, 1 / 2) % 1) * 0x100000000) | 0);
  }
}

// padded is a message with the padding of SHA-2.
export function padded(message, block) {
  var bytes = [];
  var length = message.length;
  for (var i = 0; i < length; i++) bytes.push(message[i]);
  bytes.push(0x80);
  // The length takes an eighth of a block, of which its last 8 bytes are enough.
  while (bytes.length % block !== block - block / 8) bytes.push(0);
  while (bytes.length % block !== block - 8) bytes.push(0);
  var high = Math.floor(length / 0x20000000);
  var low = length << 3;
  bytes.push(high >>> 24, (high >>> 16) & 255, (high >>> 8) & 255, high & 255);
  bytes.push(low >>> 24, (low >>> 16) & 255, (low >>> 8) & 255, low & 255);
  return bytes;
}

export function word(bytes, at) {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

export function bytesOf(list) {
  var bytes = [];
  for (var i = 0; i < list.length; i++) {
    bytes.push(list[i] >>> 24, (list[i] >>> 16) & 255, (list[i] >>> 8) & 255, list[i] & 255);
  }
  return bytes;
}

// turned is a word of 32 bits, turned to the right.
function turned(x, n) {
  return (x >>> n) | (x << (32 - n));
}

export function sha256(message) {
  var bytes = padded(message, 64);
  var h = INITIAL.slice();
  var w = [];
  var i;
  for (var at = 0; at < bytes.length; at += 64) {
    for (i = 0; i < 64; i++) {
      if (i < 16) {
        w[i] = word(bytes, at + 4 * i);
        continue;
      }
      var x = w[i - 15];
      var y = w[i - 2];
      var s0 = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
      var s1 = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    var s = h.slice();
    for (i = 0; i < 64; i++) {
      var t1 =
        s[7] +
        (turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)) +
        ((s[4] & s[5]) ^ (~s[4] & s[6])) +
        ROUNDS[i] +
        w[i];
      var t2 =
        (turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
      s.pop();
      s[3] += t1;
      s[3] |= 0;
      s.unshift((t1 + t2) | 0);
    }
    for (i = 0; i < 8; i++) h[i] = (h[i] + s[i]) | 0;
  }
  return bytesOf(h);
}

export function concat() {
  var all = [];
  for (var i = 0; i < arguments.length; i++) {
    for (var j = 0; j < arguments[i].length; j++) all.push(arguments[i][j]);
  }
  return all;
}

// hmac is HMAC-SHA-256 (RFC 2104).
export function hmac(key, message) {
  var k = key.length > 64 ? sha256(key) : key;
  var inner = [];
  var outer = [];
  for (var i = 0; i < 64; i++) {
    inner.push((k[i] | 0) ^ 0x36);
    outer.push((k[i] | 0) ^ 0x5c);
  }
  return sha256(concat(outer, sha256(concat(inner, message))));
}

// hkdf gives 32 bytes by HKDF-SHA-256 (RFC 5869).
export function hkdf(secret, salt, info) {
  return hmac(hmac(salt, secret), concat(info, [1]));
}
