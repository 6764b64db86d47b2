// Bytes as arrays of numbers, in base64url and in UTF-8.

var alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function encode(bytes) {
  var text = '';
  for (var i = 0; i < bytes.length; i += 3) {
    var n = (bytes[i] << 16) | ((bytes[i + 1] | 0) << 8) | (bytes[i + 2] | 0);
    var four =
      alphabet.charAt(n >> 18) +
      alphabet.charAt((n >> 12) & 63) +
      alphabet.charAt((n >> 6) & 63) +
      alphabet.charAt(n & 63);
    text += four.substr(0, Math.min(4, bytes.length - i + 1));
  }
  return text;
}

// decode gives null for what is not base64.
export function decode(text) {
  text = String(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  var bytes = [];
  for (var i = 0, bits = 0, n = 0; i < text.length; i++) {
    var value = alphabet.indexOf(text.charAt(i));
    if (value < 0) return null;
    n = ((n << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) bytes.push((n >> (bits -= 8)) & 255);
  }
  return bytes;
}

export function utf8(text) {
  var plain = unescape(encodeURIComponent(text));
  var bytes = [];
  for (var i = 0; i < plain.length; i++) bytes.push(plain.charCodeAt(i));
  return bytes;
}

export function fromUTF8(bytes) {
  var plain = '';
  for (var i = 0; i < bytes.length; i++) plain += String.fromCharCode(bytes[i]);
  return decodeURIComponent(escape(plain));
}
