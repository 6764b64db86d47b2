// SHA-512, X25519 and Ed25519 verification by BigInt, where WebCrypto is missing (pages of http) or does not know them.
//
// It does not run in constant time. What it guards is the key by which a device authenticates its own usage counts,
// on a machine that belongs to who could measure it.
import { concat, padded, PRIMES } from './sha256.js';

const prime = 2n ** 255n - 19n;
/** The order of the base point. */
const order = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The number that bytes write, the highest byte first. */
const big = (bytes) => BigInt('0x0' + Array.from(bytes, (b) => (b + 256).toString(16).slice(1)).join(''));

/** The number that bytes write, the lowest byte first. */
const little = (bytes) => big(Array.from(bytes).reverse());

/** A number in so many bytes, the highest first. */
const bytesOf = (number, length) => {
  const bytes = [];
  for (; length--; number >>= 8n) bytes.unshift(Number(number & 255n));
  return bytes;
};

const equal = (a, b) => String(a) === String(b);

/** The first 64 binary places of the square or cube root of a number. */
const places = (number, degree) => {
  let root = 0n;
  for (let bit = 1n << 70n; bit; bit >>= 1n) {
    if ((root + bit) ** degree <= BigInt(number) << (64n * degree)) root += bit;
  }
  return BigInt.asUintN(64, root);
};

let rounds;

export function sha512(message) {
  const bytes = padded(message, 128);
  const turned = (x, n) => (x >> n) | (x << (64n - n));
  const wrap = (x) => BigInt.asUintN(64, x);
  rounds ??= PRIMES.map((p) => places(p, 3n));
  let state = PRIMES.slice(0, 8).map((p) => places(p, 2n));
  for (let at = 0; at < bytes.length; at += 128) {
    const w = [];
    let [a, b, c, d, e, f, g, h] = state;
    rounds.forEach((round, i) => {
      if (i < 16) {
        w[i] = big(bytes.slice(at + 8 * i, at + 8 * i + 8));
      } else {
        const x = w[i - 15];
        const y = w[i - 2];
        w[i] = wrap(
          w[i - 16] +
            w[i - 7] +
            wrap(turned(x, 1n) ^ turned(x, 8n) ^ (x >> 7n)) +
            wrap(turned(y, 19n) ^ turned(y, 61n) ^ (y >> 6n)),
        );
      }
      const t = h + wrap(turned(e, 14n) ^ turned(e, 18n) ^ turned(e, 41n)) + (g ^ (e & (f ^ g))) + round + w[i];
      const u = wrap(turned(a, 28n) ^ turned(a, 34n) ^ turned(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, h] = [wrap(t + u), a, b, c, wrap(d + t), e, f, g];
    });
    state = [a, b, c, d, e, f, g, h].map((x, i) => wrap(x + state[i]));
  }
  return state.flatMap((x) => bytesOf(x, 8));
}

const mod = (x) => {
  const r = x % prime;
  return r < 0n ? r + prime : r;
};

const power = (base, exponent) => {
  let result = 1n;
  for (; exponent; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
};

const inverse = (x) => power(mod(x), prime - 2n);

/** The function of RFC 7748; undefined if the point is of low order, so that the result is 0. */
export function x25519(scalar, point) {
  const k = (little(scalar) & (2n ** 254n - 8n)) | (2n ** 254n);
  const u = BigInt.asUintN(255, little(point)) % prime;
  let [x2, z2, x3, z3] = [1n, 0n, u, 1n];
  for (let bit = 254n; bit >= 0n; bit--) {
    const swap = (k >> bit) & 1n;
    if (swap) [x2, z2, x3, z3] = [x3, z3, x2, z2];
    const [a, b, c, d] = [x2 + z2, x2 - z2, x3 + z3, x3 - z3];
    const [aa, bb, da, cb] = [mod(a * a), mod(b * b), mod(d * a), mod(c * b)];
    const e = aa - bb;
    x3 = mod((da + cb) ** 2n);
    z3 = mod(mod((da - cb) ** 2n) * u);
    x2 = mod(aa * bb);
    z2 = mod(e * (aa + 121665n * e));
    if (swap) [x2, z2, x3, z3] = [x3, z3, x2, z2];
  }
  const result = mod(x2 * inverse(z2));
  return result ? bytesOf(result, 32).reverse() : undefined;
}

/** The curve of Ed25519, when it is first needed: its d, a square root of -1, and the base point, whose y is 4/5. */
let curve;

/** Points are [x, y, z, t] in extended coordinates. */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(mod(t1 * t2) * 2n * curve.d);
  const d = 2n * z1 * z2;
  const [e, f, g, h] = [b - a, mod(d - c), mod(d + c), b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

/** A point times a number. */
function times(point, number) {
  let result = [0n, 1n, 1n, 0n];
  for (; number; number >>= 1n) {
    if (number & 1n) result = add(result, point);
    point = add(point, point);
  }
  return result;
}

/**
 * The point with an y and the lowest bit of its x; undefined if there is none, or its bytes are not the one way to
 * write it.
 */
function pointOf(y, odd) {
  if (y >= prime) return undefined;
  const yy = mod(y * y);
  const xx = mod((yy - 1n) * inverse(yy * curve.d + 1n));
  let x = power(xx, (prime + 3n) / 8n);
  if (mod(x * x) !== xx) x = mod(x * curve.root);
  if (mod(x * x) !== xx || (!x && odd)) return undefined;
  if ((x & 1n) !== odd) x = prime - x;
  return [x, y, 1n, mod(x * y)];
}

/** Checks a signature (RFC 8032), as Go does: without the cofactor. */
export function ed25519Verify(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  if (!curve) {
    curve = { d: mod(-121665n * inverse(121666n)), root: power(2n, (prime - 1n) / 4n) };
    curve.base = pointOf(mod(4n * inverse(5n)), 0n);
  }
  const [r, s] = [signature.slice(0, 32), little(signature.slice(32))];
  const key = little(publicKey);
  const a = pointOf(BigInt.asUintN(255, key), key >> 255n);
  // An S beyond the order would give one message several signatures.
  if (!a || s >= order) return false;
  const h = little(sha512(concat(r, publicKey, message))) % order;
  // S B - h A, which is S B + h (-A).
  const [x, y, z] = add(times(curve.base, s), times([prime - a[0], a[1], 1n, prime - a[3]], h));
  const i = inverse(z);
  return equal(bytesOf(mod(y * i) | ((mod(x * i) & 1n) << 255n), 32).reverse(), Array.from(r));
}
