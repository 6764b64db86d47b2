// SHA-256, SHA-512, HMAC, HKDF, X25519 and Ed25519 verification in plain JavaScript.
//
// Pages on http have no WebCrypto, older browsers have no Ed25519, and where a page is about
// to die nobody waits for a promise. The file is ECMAScript 5 without typed arrays, because
// the edition for old browsers uses it too. Bytes are arrays of numbers from 0 to 255; an
// argument may be anything with a length and indices.
//
// It does not run in constant time. What it guards is the key by which a device authenticates
// its own usage counts, on a machine that belongs to who could measure it.

// The fractional parts of the cube roots of the first 80 primes: the round constants of SHA-512,
// whose upper halves are those of SHA-256.
var ROUNDS = words(
  '428a2f98d728ae227137449123ef65cdb5c0fbcfec4d3b2fe9b5dba58189dbbc3956c25bf348b53859f111f1b605d019' +
    '923f82a4af194f9bab1c5ed5da6d8118d807aa98a303024212835b0145706fbe243185be4ee4b28c550c7dc3d5ffb4e2' +
    '72be5d74f27b896f80deb1fe3b1696b19bdc06a725c71235c19bf174cf692694e49b69c19ef14ad2efbe4786384f25e3' +
    '0fc19dc68b8cd5b5240ca1cc77ac9c652de92c6f592b02754a7484aa6ea6e4835cb0a9dcbd41fbd476f988da831153b5' +
    '983e5152ee66dfaba831c66d2db43210b00327c898fb213fbf597fc7beef0ee4c6e00bf33da88fc2d5a79147930aa725' +
    '06ca6351e003826f142929670a0e6e7027b70a8546d22ffc2e1b21385c26c9264d2c6dfc5ac42aed53380d139d95b3df' +
    '650a73548baf63de766a0abb3c77b2a881c2c92e47edaee692722c851482353ba2bfe8a14cf10364a81a664bbc423001' +
    'c24b8b70d0f89791c76c51a30654be30d192e819d6ef5218d69906245565a910f40e35855771202a106aa07032bbd1b8' +
    '19a4c116b8d2d0c81e376c085141ab532748774cdf8eeb9934b0bcb5e19b48a8391c0cb3c5c95a634ed8aa4ae3418acb' +
    '5b9cca4f7763e373682e6ff3d6b2b8a3748f82ee5defb2fc78a5636f43172f6084c87814a1f0ab728cc702081a6439ec' +
    '90befffa23631e28a4506cebde82bde9bef9a3f7b2c67915c67178f2e372532bca273eceea26619cd186b8c721c0c207' +
    'eada7dd6cde0eb1ef57d4f7fee6ed17806f067aa72176fba0a637dc5a2c898a6113f9804bef90dae1b710b35131c471b' +
    '28db77f523047d8432caab7b40c724933c9ebe0a15c9bebc431d67c49c100d4c4cc5d4becb3e42b6597f299cfc657e2a' +
    '5fcb6fab3ad6faec6c44198c4a475817'
);

// Those of the square roots of the first 8 primes: the initial hash values.
var INITIAL = words(
  '6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1510e527fade682d19b05688c2b3e6c1f' +
    '1f83d9abfb41bd6b5be0cd19137e2179'
);

// words reads 32-bit words in hexadecimal.
function words(hex) {
  var list = [];
  for (var i = 0; i < hex.length; i += 8) list.push(parseInt(hex.substr(i, 8), 16) | 0);
  return list;
}

// padded is a message with the padding of SHA-2.
function padded(message, block) {
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

function word(bytes, at) {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function bytesOf(list) {
  var bytes = [];
  for (var i = 0; i < list.length; i++) {
    bytes.push(list[i] >>> 24, (list[i] >>> 16) & 255, (list[i] >>> 8) & 255, list[i] & 255);
  }
  return bytes;
}

export function sha256(message) {
  var bytes = padded(message, 64);
  var h = [];
  var w = [];
  var i;
  for (i = 0; i < 8; i++) h.push(INITIAL[2 * i]);
  for (var at = 0; at < bytes.length; at += 64) {
    for (i = 0; i < 64; i++) {
      if (i < 16) {
        w[i] = word(bytes, at + 4 * i);
        continue;
      }
      var x = w[i - 15];
      var y = w[i - 2];
      var s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      var s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    var a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
    for (i = 0; i < 64; i++) {
      var t1 = k + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) +
        ((e & f) ^ (~e & g)) + ROUNDS[2 * i] + w[i];
      var t2 = (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) +
        ((a & b) ^ (a & c) ^ (b & c));
      k = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    var next = [a, b, c, d, e, f, g, k];
    for (i = 0; i < 8; i++) h[i] = (h[i] + next[i]) | 0;
  }
  return bytesOf(h);
}

// sum64 adds numbers of 64 bits, given as pairs of words, into r at an index.
function sum64(r, at, terms) {
  var low = 0;
  var high = 0;
  for (var i = 0; i < terms.length; i += 2) {
    high += terms[i] >>> 0;
    low += terms[i + 1] >>> 0;
  }
  r[at] = (high + Math.floor(low / 0x100000000)) | 0;
  r[at + 1] = low | 0;
}

// turned is the upper word of 64 bits turned right by n; with the words swapped, the lower one.
function turned(high, low, n) {
  return n < 32 ? (high >>> n) | (low << (32 - n)) : (low >>> (n - 32)) | (high << (64 - n));
}

export function sha512(message) {
  var bytes = padded(message, 128);
  var h = INITIAL.slice();
  var w = [];
  var i, j;
  for (var at = 0; at < bytes.length; at += 128) {
    for (i = 0; i < 32; i++) w[i] = word(bytes, at + 4 * i);
    for (i = 32; i < 160; i += 2) {
      var xh = w[i - 30], xl = w[i - 29], yh = w[i - 4], yl = w[i - 3];
      sum64(w, i, [
        w[i - 32], w[i - 31], w[i - 14], w[i - 13],
        turned(xh, xl, 1) ^ turned(xh, xl, 8) ^ (xh >>> 7),
        turned(xl, xh, 1) ^ turned(xl, xh, 8) ^ ((xl >>> 7) | (xh << 25)),
        turned(yh, yl, 19) ^ turned(yh, yl, 61) ^ (yh >>> 6),
        turned(yl, yh, 19) ^ turned(yl, yh, 61) ^ ((yl >>> 6) | (yh << 26))
      ]);
    }
    var v = h.slice();
    var t = [];
    for (i = 0; i < 160; i += 2) {
      var eh = v[8], el = v[9], ah = v[0], al = v[1];
      sum64(t, 0, [
        v[14], v[15], ROUNDS[i], ROUNDS[i + 1], w[i], w[i + 1],
        turned(eh, el, 14) ^ turned(eh, el, 18) ^ turned(eh, el, 41),
        turned(el, eh, 14) ^ turned(el, eh, 18) ^ turned(el, eh, 41),
        (eh & v[10]) ^ (~eh & v[12]), (el & v[11]) ^ (~el & v[13])
      ]);
      sum64(t, 2, [
        t[0], t[1],
        turned(ah, al, 28) ^ turned(ah, al, 34) ^ turned(ah, al, 39),
        turned(al, ah, 28) ^ turned(al, ah, 34) ^ turned(al, ah, 39),
        (ah & v[2]) ^ (ah & v[4]) ^ (v[2] & v[4]), (al & v[3]) ^ (al & v[5]) ^ (v[3] & v[5])
      ]);
      for (j = 15; j > 1; j--) v[j] = v[j - 2];
      sum64(v, 8, [v[8], v[9], t[0], t[1]]);
      v[0] = t[2];
      v[1] = t[3];
    }
    for (i = 0; i < 16; i += 2) sum64(h, i, [h[i], h[i + 1], v[i], v[i + 1]]);
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

// Numbers modulo 2^255 - 19 are 16 limbs of 16 bits, the lowest first, as in TweetNaCl (public
// domain, by Bernstein, van Gastel, Janssen, Lange, Schwabe, Smetsers). Products stay below 2^53.

function field(low) {
  var f = [low | 0];
  while (f.length < 16) f.push(0);
  return f;
}

function fieldOf(list) {
  var f = [];
  for (var i = 0; i < 16; i++) f.push(list[2 * i] + list[2 * i + 1] * 256);
  return f;
}

function carry(o) {
  for (var i = 0; i < 16; i++) {
    var c = Math.floor(o[i] / 65536);
    o[i] -= c * 65536;
    if (i < 15) o[i + 1] += c;
    else o[0] += 38 * c;
  }
}

function add(a, b) {
  var o = [];
  for (var i = 0; i < 16; i++) o.push(a[i] + b[i]);
  return o;
}

function sub(a, b) {
  var o = [];
  for (var i = 0; i < 16; i++) o.push(a[i] - b[i]);
  return o;
}

function mul(a, b) {
  var t = [];
  var i, j;
  for (i = 0; i < 31; i++) t.push(0);
  for (i = 0; i < 16; i++) {
    var x = a[i];
    for (j = 0; j < 16; j++) t[i + j] += x * b[j];
  }
  for (i = 0; i < 15; i++) t[i] += 38 * t[i + 16];
  t.length = 16;
  carry(t);
  carry(t);
  return t;
}

// power raises to 2^252 - 3 (or, if inverse is set, to 2^255 - 21: the inverse).
function power(a, inverse) {
  var c = a;
  for (var i = inverse ? 253 : 250; i >= 0; i--) {
    c = mul(c, c);
    if (inverse ? i !== 2 && i !== 4 : i !== 1) c = mul(c, a);
  }
  return c;
}

// pack gives the 32 bytes of a number, reduced.
function pack(n) {
  var t = n.slice();
  var i;
  carry(t);
  carry(t);
  carry(t);
  for (var j = 0; j < 2; j++) {
    var m = [t[0] - 0xffed];
    for (i = 1; i < 16; i++) {
      m[i] = t[i] - (i === 15 ? 0x7fff : 0xffff) - ((m[i - 1] >> 16) & 1);
      m[i - 1] &= 0xffff;
    }
    if (!((m[15] >> 16) & 1)) t = m;
  }
  var bytes = [];
  for (i = 0; i < 16; i++) bytes.push(t[i] & 255, (t[i] >> 8) & 255);
  return bytes;
}

function equal(a, b) {
  var difference = a.length ^ b.length;
  for (var i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

function sameField(a, b) {
  return equal(pack(a), pack(b));
}

// x25519 is the function of RFC 7748; null if the point is of low order, so that the result is 0.
export function x25519(scalar, point) {
  var z = [];
  var i;
  for (i = 0; i < 32; i++) z.push(scalar[i]);
  z[31] = (z[31] & 127) | 64;
  z[0] &= 248;
  var x = fieldOf(point);
  x[15] &= 0x7fff;
  var a = field(1), b = x, c = field(0), d = field(1), t;
  for (i = 254; i >= 0; i--) {
    var bit = (z[i >>> 3] >>> (i & 7)) & 1;
    if (bit) { t = a; a = b; b = t; t = c; c = d; d = t; }
    var e = add(a, c), f = sub(a, c), g = add(b, d), h = sub(b, d);
    var ee = mul(e, e), ff = mul(f, f), gf = mul(g, f), he = mul(h, e);
    var sum = add(gf, he), difference = sub(gf, he), s = sub(ee, ff);
    b = mul(sum, sum);
    d = mul(mul(difference, difference), x);
    a = mul(ee, ff);
    c = mul(s, add(mul(s, field(121665)), ee));
    if (bit) { t = a; a = b; b = t; t = c; c = d; d = t; }
  }
  var result = pack(mul(a, power(c, true)));
  return equal(result, pack(field(0))) ? null : result;
}

// x25519Public is the public key of a private one.
export function x25519Public(scalar) {
  var nine = [9];
  while (nine.length < 32) nine.push(0);
  return x25519(scalar, nine);
}

// The curve of Ed25519: d, 2d, a square root of -1, and the base point.
function hexField(hex) {
  var f = [];
  for (var i = 60; i >= 0; i -= 4) f.push(parseInt(hex.substr(i, 4), 16));
  return f;
}
var D = hexField('52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3');
var D2 = add(D, D);
var ROOT = hexField('2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0');
var BASE_X = hexField('216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a');
var BASE_Y = hexField('6666666666666666666666666666666666666666666666666666666666666658');

// Points are [x, y, z, t] in extended coordinates.
function addPoints(p, q) {
  var a = mul(sub(p[1], p[0]), sub(q[1], q[0]));
  var b = mul(add(p[0], p[1]), add(q[0], q[1]));
  var c = mul(mul(p[3], q[3]), D2);
  var d = mul(p[2], q[2]);
  d = add(d, d);
  var e = sub(b, a), f = sub(d, c), g = add(d, c), h = add(b, a);
  return [mul(e, f), mul(h, g), mul(g, f), mul(e, h)];
}

function packPoint(p) {
  var z = power(p[2], true);
  var bytes = pack(mul(p[1], z));
  bytes[31] ^= (pack(mul(p[0], z))[0] & 1) << 7;
  return bytes;
}

// negated reads a point and gives the one opposite, or null if there is no such point.
function negated(bytes) {
  var y = fieldOf(bytes);
  y[15] &= 0x7fff;
  // Written in any but the one way there is: refused, like x = 0 with a sign below.
  var canonical = pack(y);
  canonical[31] |= bytes[31] & 128;
  if (!equal(canonical, bytes)) return null;
  var one = field(1);
  var yy = mul(y, y);
  var num = sub(yy, one);
  var den = add(mul(yy, D), one);
  var den2 = mul(den, den);
  var den4 = mul(den2, den2);
  var t = mul(mul(mul(den4, den2), num), den);
  var x = mul(mul(mul(mul(power(t, false), num), den), den), den);
  if (!sameField(mul(mul(x, x), den), num)) x = mul(x, ROOT);
  if (!sameField(mul(mul(x, x), den), num)) return null;
  var sign = bytes[31] >> 7;
  if (sign && sameField(x, field(0))) return null;
  if ((pack(x)[0] & 1) === sign) x = sub(field(0), x);
  carry(x);
  carry(x);
  return [x, y, one, mul(x, y)];
}

// multiples gives s * base + h * p, for numbers of 32 bytes.
function multiples(s, h, p) {
  var base = [BASE_X, BASE_Y, field(1), mul(BASE_X, BASE_Y)];
  var both = addPoints(base, p);
  var r = [field(0), field(1), field(1), field(0)];
  for (var i = 255; i >= 0; i--) {
    r = addPoints(r, r);
    var ofS = (s[i >>> 3] >>> (i & 7)) & 1;
    var ofH = (h[i >>> 3] >>> (i & 7)) & 1;
    if (ofS && ofH) r = addPoints(r, both);
    else if (ofS) r = addPoints(r, base);
    else if (ofH) r = addPoints(r, p);
  }
  return r;
}

// The order of the base point, the lowest byte first.
var ORDER = [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10];

// modOrder reduces a number of 64 bytes.
function modOrder(x) {
  var c, i, j;
  x = x.slice();
  for (i = 63; i >= 32; i--) {
    c = 0;
    for (j = i - 32; j < i - 12; j++) {
      x[j] += c - 16 * x[i] * ORDER[j - (i - 32)];
      c = Math.floor((x[j] + 128) / 256);
      x[j] -= c * 256;
    }
    x[j] += c;
    x[i] = 0;
  }
  c = 0;
  for (j = 0; j < 32; j++) {
    x[j] += c - (x[31] >> 4) * ORDER[j];
    c = x[j] >> 8;
    x[j] &= 255;
  }
  for (j = 0; j < 32; j++) x[j] -= c * ORDER[j];
  var r = [];
  for (i = 0; i < 32; i++) {
    x[i + 1] += x[i] >> 8;
    r.push(x[i] & 255);
  }
  return r;
}

// belowOrder tells whether a number of 32 bytes is less than the order: otherwise one message
// would have several signatures.
function belowOrder(s) {
  for (var i = 31; i >= 0; i--) {
    if (s[i] !== ORDER[i]) return s[i] < ORDER[i];
  }
  return false;
}

// ed25519Verify checks a signature (RFC 8032), as Go does: without the cofactor.
export function ed25519Verify(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  var r = [];
  var s = [];
  for (var i = 0; i < 32; i++) {
    r.push(signature[i]);
    s.push(signature[i + 32]);
  }
  var p = negated(concat(publicKey));
  if (!p || !belowOrder(s)) return false;
  return equal(packPoint(multiples(s, modOrder(sha512(concat(r, publicKey, message))), p)), r);
}
