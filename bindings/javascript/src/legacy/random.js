// Random numbers, from what the browser has.
import { concat, sha256 } from '../sha256.js';
import { utf8 } from './bytes.js';
import { root } from './root.js';

// weak tells that there is no generator which nobody can guess: then the device's UUID and key are no secrets.
var source = root.crypto || root.msCrypto;
export var weak = !(source && source.getRandomValues && typeof Uint8Array === 'function');
var pool = [];

export function random(length) {
  var bytes = [];
  var i;
  if (!weak) {
    var drawn = source.getRandomValues(new Uint8Array(length));
    for (i = 0; i < length; i++) bytes.push(drawn[i]);
    return bytes;
  }
  // What there is: the generator of the language, the time, and what the page looks like, mixed.
  pool = sha256(
    concat(
      pool,
      utf8(
        [
          Math.random(),
          Math.random(),
          new Date().getTime(),
          root.navigator && root.navigator.userAgent,
          root.document && root.document.referrer,
          root.screen && root.screen.width,
        ].join(),
      ),
    ),
  );
  for (i = 0; bytes.length < length; i++) bytes = bytes.concat(sha256(concat(pool, [i])));
  return bytes.slice(0, length);
}

export function uuid() {
  var bytes = random(16);
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  var text = '';
  for (var i = 0; i < 16; i++)
    text += (i === 4 || i === 6 || i === 8 || i === 10 ? '-' : '') + (bytes[i] + 256).toString(16).substr(1);
  return text;
}
