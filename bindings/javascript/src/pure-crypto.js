// SHA-512, X25519 and Ed25519 verification for the edition for old browsers: ECMAScript 5, which has neither typed
// arrays nor BigInt. curve25519.js does the same for all others, in three fifths of the size.
//
// It does not run in constant time. What it guards is the key by which a device authenticates its own usage counts,
// on a machine that belongs to who could measure it.
import { bytesOf, concat, INITIAL, padded, PRIMES, ROUNDS, word } from './sha256.js';

// The lower 32 bits of the constants of SHA-512, when they are first needed.
var LOWER;

// lower finds the lower 32 bits of a root of a prime, bit by bit. limb is where the prime stands in the number whose
// root it is: 12 limbs of 16 bits up for a cube root of 64 bits, 8 for a square root.
function lower(prime, upper, limb) {
  var low = 0;
  for (var bit = 0x80000000; bit >= 1; bit /= 2) {
    var x = field(0);
    x[0] = (low + bit) % 65536;
    x[1] = Math.floor((low + bit) / 65536);
    x[2] = upper & 65535;
    x[3] = upper >>> 16;
    x[4] = Math.floor(Math.pow(prime, limb === 12 ? 1 / 3 : 1 / 2));
    if (mul(limb === 12 ? mul(x, x) : x, x)[limb] < prime) low += bit;
  }
  return low | 0;
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
  var h = [];
  var w = [];
  var i, j;
  if (!LOWER) {
    LOWER = [];
    for (i = 0; i < 80; i++) LOWER.push(lower(PRIMES[i], ROUNDS[i], 12));
  }
  for (i = 0; i < 8; i++) h.push(INITIAL[i], lower(PRIMES[i], INITIAL[i], 8));
  for (var at = 0; at < bytes.length; at += 128) {
    for (i = 0; i < 32; i++) w[i] = word(bytes, at + 4 * i);
    for (i = 32; i < 160; i += 2) {
      var xh = w[i - 30],
        xl = w[i - 29],
        yh = w[i - 4],
        yl = w[i - 3];
      sum64(w, i, [
        w[i - 32],
        w[i - 31],
        w[i - 14],
        w[i - 13],
        turned(xh, xl, 1) ^ turned(xh, xl, 8) ^ (xh >>> 7),
        turned(xl, xh, 1) ^ turned(xl, xh, 8) ^ ((xl >>> 7) | (xh << 25)),
        turned(yh, yl, 19) ^ turned(yh, yl, 61) ^ (yh >>> 6),
        turned(yl, yh, 19) ^ turned(yl, yh, 61) ^ ((yl >>> 6) | (yh << 26)),
      ]);
    }
    var v = h.slice();
    var t = [];
    for (i = 0; i < 160; i += 2) {
      var eh = v[8],
        el = v[9],
        ah = v[0],
        al = v[1];
      sum64(t, 0, [
        v[14],
        v[15],
        ROUNDS[i / 2],
        LOWER[i / 2],
        w[i],
        w[i + 1],
        turned(eh, el, 14) ^ turned(eh, el, 18) ^ turned(eh, el, 41),
        turned(el, eh, 14) ^ turned(el, eh, 18) ^ turned(el, eh, 41),
        (eh & v[10]) ^ (~eh & v[12]),
        (el & v[11]) ^ (~el & v[13]),
      ]);
      sum64(t, 2, [
        t[0],
        t[1],
        turned(ah, al, 28) ^ turned(ah, al, 34) ^ turned(ah, al, 39),
        turned(al, ah, 28) ^ turned(al, ah, 34) ^ turned(al, ah, 39),
        (ah & v[2]) ^ (ah & v[4]) ^ (v[2] & v[4]),
        (al & v[3]) ^ (al & v[5]) ^ (v[3] & v[5]),
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
  var a = field(1),
    b = x,
    c = field(0),
    d = field(1),
    t;
  for (i = 254; i >= 0; i--) {
    var bit = (z[i >>> 3] >>> (i & 7)) & 1;
    if (bit) {
      t = a;
      a = b;
      b = t;
      t = c;
      c = d;
      d = t;
    }
    var e = add(a, c),
      f = sub(a, c),
      g = add(b, d),
      h = sub(b, d);
    var ee = mul(e, e),
      ff = mul(f, f),
      gf = mul(g, f),
      he = mul(h, e);
    var sum = add(gf, he),
      difference = sub(gf, he),
      s = sub(ee, ff);
    b = mul(sum, sum);
    d = mul(mul(difference, difference), x);
    a = mul(ee, ff);
    c = mul(s, add(mul(s, field(121665)), ee));
    if (bit) {
      t = a;
      a = b;
      b = t;
      t = c;
      c = d;
      d = t;
    }
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

// The curve of Ed25519, when it is first needed: d = -121665/121666, 2d, a square root of -1, and the base point,
// whose y is 4/5 and whose x is even.
var D, D2, ROOT, BASE;

function prepareCurve() {
  D = mul(sub(field(0), field(121665)), power(field(121666), true));
  D2 = add(D, D);
  var c = power(field(2), false);
  ROOT = mul(mul(c, c), field(2));
  var y = [0x58];
  while (y.length < 31) y.push(0x66);
  BASE = negated(y.concat(0xe6));
}

// Points are [x, y, z, t] in extended coordinates.
function addPoints(p, q) {
  var a = mul(sub(p[1], p[0]), sub(q[1], q[0]));
  var b = mul(add(p[0], p[1]), add(q[0], q[1]));
  var c = mul(mul(p[3], q[3]), D2);
  var d = mul(p[2], q[2]);
  d = add(d, d);
  var e = sub(b, a),
    f = sub(d, c),
    g = add(d, c),
    h = add(b, a);
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
  var both = addPoints(BASE, p);
  var r = [field(0), field(1), field(1), field(0)];
  for (var i = 255; i >= 0; i--) {
    r = addPoints(r, r);
    var ofS = (s[i >>> 3] >>> (i & 7)) & 1;
    var ofH = (h[i >>> 3] >>> (i & 7)) & 1;
    if (ofS && ofH) r = addPoints(r, both);
    else if (ofS) r = addPoints(r, BASE);
    else if (ofH) r = addPoints(r, p);
  }
  return r;
}

// The order of the base point, the lowest byte first.
var ORDER = [
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

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
  if (!D) prepareCurve();
  for (var i = 0; i < 32; i++) {
    r.push(signature[i]);
    s.push(signature[i + 32]);
  }
  var p = negated(concat(publicKey));
  if (!p || !belowOrder(s)) return false;
  return equal(packPoint(multiples(s, modOrder(sha512(concat(r, publicKey, message))), p)), r);
}
