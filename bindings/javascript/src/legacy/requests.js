// Requests to servers, by XMLHttpRequest or XDomainRequest.
import { sha256 } from '../sha256.js';
import { decode, encode } from './bytes.js';
import { otherServer, strange, unreached } from './errors.js';
import { root } from './root.js';

// shown has the id of the signing key that an address showed, or signed with. It proves nothing; it keeps what is meant
// for one server from others, to which an address may lead by now.
export var shown = {};

// keyID is base64url of the first 12 bytes of a key's SHA-256.
export function keyID(bytes) {
  return encode(sha256(bytes).slice(0, 12));
}

// send makes a request; done(text) is called once, with null if nothing came.
function send(method, address, body, timeout, done) {
  var finished = false;
  var request;
  function finish(text) {
    if (finished) return;
    finished = true;
    clearTimeout(timer);
    done(text);
  }
  var timer = setTimeout(function () {
    finish(null);
    try {
      request.abort();
    } catch (e) {
      // It is over already.
    }
  }, timeout);
  try {
    request = new root.XMLHttpRequest();
    if ('withCredentials' in request || !root.XDomainRequest) {
      request.onreadystatechange = function () {
        if (request.readyState === 4)
          finish(request.status === 200 ? request.responseText : request.status ? '' : null);
      };
      request.open(method, address, true);
      if (body) request.setRequestHeader('Content-Type', 'text/plain');
    } else {
      request = new root.XDomainRequest();
      // All of its events need a listener, or it is given up.
      request.onload = function () {
        finish(request.responseText);
      };
      request.onerror = request.ontimeout = function () {
        finish(null);
      };
      request.onprogress = function () {};
      request.open(method, address);
    }
    request.send(body);
  } catch (e) {
    // another scheme than the page's, say
    finish(null);
  }
}

// recognize asks an address for its keys, unless it is known to lead to the server whose key has the id; done(error).
function recognize(server, lts, timeout, done) {
  if (!lts || shown[server] === lts) return done(null);
  send('GET', server + '/v1/keys', null, timeout, function (text) {
    var error = text === null ? unreached(server) : otherServer(server);
    try {
      var keys = JSON.parse(text || '').signingKeys;
      for (var i = 0; i < keys.length; i++) if (keyID(decode(keys[i].publicKey)) === lts) error = null;
    } catch (e) {
      if (text !== null) error = strange(server);
    }
    if (!error) shown[server] = lts;
    done(error);
  });
}

// post sends a body in the framing for browsers, to the server whose signing key has the id (empty: whoever is there);
// done(error, answer) is called once.
export function post(server, lts, path, first, body, timeout, done) {
  recognize(server, lts, timeout, function (error) {
    if (error) return done(error);
    send('POST', server + path, first + '\n' + body, timeout, function (text) {
      if (text === null) return done(unreached(server));
      var match = /^openlts\/1(?: ([\w-]+))?\n/.exec(text);
      var json = null;
      var inner = match && text.substr(match[0].length);
      try {
        json = JSON.parse(inner);
      } catch (e) {
        // Not a server's answer.
      }
      if (!match || !json || typeof json !== 'object') return done(strange(server));
      done(null, { mac: match[1] || '', body: inner, json: json });
    });
  });
}
