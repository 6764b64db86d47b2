// The edition for old browsers, such as Internet Explorer 9: ECMAScript 5 without typed arrays, callbacks,
// localStorage, XMLHttpRequest or XDomainRequest. docs/javascript.md says what it can't do.
//
//   OpenLTSLegacy.createLicense({licenseServer: ..., handshakeCode: ...}, function (error, license) { ... });
//   license.record('QR_CODE', 1);
//
// It keeps the rules of the other edition: cumulative reports whose sum is their revision, by slots; nothing is deleted
// without a verified receipt; a run is a page, and one that died is adopted by the next.
import { ed25519Verify, x25519, x25519Public } from './pure-crypto.js';
import { concat, hkdf, hmac, sha256 } from './sha256.js';
import { legacyTypes, legacyVersion } from './legacy-constants.js';

var root = typeof window === 'object' ? window : this || globalThis;
var RETENTION = 30 * 86400;
var prefix = 'openlts/';

// ---------------------------------------------------------------- bytes

var alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function encode(bytes) {
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
function decode(text) {
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

function utf8(text) {
  var plain = unescape(encodeURIComponent(text));
  var bytes = [];
  for (var i = 0; i < plain.length; i++) bytes.push(plain.charCodeAt(i));
  return bytes;
}

function fromUTF8(bytes) {
  var plain = '';
  for (var i = 0; i < bytes.length; i++) plain += String.fromCharCode(bytes[i]);
  return decodeURIComponent(escape(plain));
}

// ---------------------------------------------------------------- chance

// weak tells that there is no generator which nobody can guess: then the device's UUID and key are no secrets.
var source = root.crypto || root.msCrypto;
var weak = !(source && source.getRandomValues && typeof Uint8Array === 'function');
var pool = [];

function random(length) {
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

function uuid() {
  var bytes = random(16);
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  var text = '';
  for (var i = 0; i < 16; i++)
    text += (i === 4 || i === 6 || i === 8 || i === 10 ? '-' : '') + (bytes[i] + 256).toString(16).substr(1);
  return text;
}

// ---------------------------------------------------------------- storage

// What can't be kept in localStorage is kept in the page.
var memory = {};
var storage = null;
try {
  storage = root.localStorage;
  storage.setItem(prefix + 'probe', '1');
  storage.removeItem(prefix + 'probe');
} catch (e) {
  storage = null;
}

function load(key) {
  var text = memory[key];
  if (text === undefined && storage) text = storage.getItem(prefix + key);
  try {
    return text ? JSON.parse(text) : null;
  } catch (e) {
    return null;
  }
}

// save reports false if the value is kept in the page only.
function save(key, value) {
  var text = JSON.stringify(value);
  try {
    storage.setItem(prefix + key, text);
    delete memory[key];
    return true;
  } catch (e) {
    // full, blocked, or not there
    memory[key] = text;
    return false;
  }
}

function drop(key) {
  delete memory[key];
  try {
    storage.removeItem(prefix + key);
  } catch (e) {
    // Not there.
  }
}

function keysOf(begin) {
  var keys = [];
  var key;
  for (key in memory) if (memory.hasOwnProperty(key) && key.indexOf(begin) === 0) keys.push(key);
  try {
    for (var i = 0; i < storage.length; i++) {
      key = storage.key(i);
      if (key.indexOf(prefix + begin) === 0) keys.push(key.substr(prefix.length));
    }
  } catch (e) {
    // Not there.
  }
  return keys;
}

// ---------------------------------------------------------------- errors and requests

function LTSError(code, name, message, refused) {
  var error = new Error(message);
  error.code = code;
  error.name = name;
  error.refused = !!refused;
  return error;
}

function unreached(server) {
  return LTSError(
    -20200,
    'FAILED_TO_REACH_LTS',
    'Failed to reach License Tracking Server. ' + server + " can't be reached",
  );
}

function strange(server) {
  return LTSError(
    -20307,
    'SERVER_RESPONSE_INVALID',
    server + ' answered, but not as a License Tracking Server does (a proxy or a login page?)',
  );
}

function otherServer(server) {
  return LTSError(
    -20306,
    'SERVER_KEY_MISMATCH',
    server + ' is another License Tracking Server than the one that is meant, and was sent nothing; check the address',
  );
}

// shown has the id of the signing key that an address showed, or signed with. It proves nothing; it keeps what is meant
// for one server from others, to which an address may lead by now.
var shown = {};

// keyID is base64url of the first 12 bytes of a key's SHA-256.
function keyID(bytes) {
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
function post(server, lts, path, first, body, timeout, done) {
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

// ---------------------------------------------------------------- authorization

function now() {
  return Math.floor(new Date().getTime() / 1000);
}

function digest(text) {
  return encode(sha256(utf8(text)));
}

// signed reads what a JWS of a type of ours signs; null if it is none, or not of this key.
function signed(type, jws, key) {
  var parts = String(jws).split('.');
  try {
    var head = JSON.parse(fromUTF8(decode(parts[0])));
    if (parts.length !== 3 || head.alg !== 'EdDSA' || head.typ !== type) return null;
    if (!ed25519Verify(key, utf8(parts[0] + '.' + parts[1]), decode(parts[2]))) return null;
    return JSON.parse(fromUTF8(decode(parts[1])));
  } catch (e) {
    return null;
  }
}

function knownKey(p, server) {
  return decode(p.serverPublicKey || load('server/' + server) || '!');
}

function identify(p) {
  var at = 'device/' + p.deviceUUID;
  var device = load(at);
  if (!device || !decode(device.key) || decode(device.key).length !== 32) {
    var key = random(32);
    device = { uuid: p.deviceUUID || uuid(), key: encode(key), publicKey: encode(x25519Public(key)), weak: weak };
    device.kept = save(at, device);
  }
  return device;
}

// askedFor is what an authorization that is kept is kept for.
function askedFor(p, device, key) {
  return (
    'grant/' +
    digest(
      [
        encode(key),
        p.handshakeCode,
        p.organizationID,
        p.sessionPassword,
        p.validationField,
        p.chargeWay,
        p.products,
        device.uuid,
      ].join('\n'),
    )
  );
}

function ask(p, device, server, done) {
  var body = JSON.stringify({
    protocol: 1,
    nonce: encode(random(24)),
    clientTime: now(),
    device: {
      uuid: device.uuid,
      publicKey: device.publicKey,
      platform: 'javascript',
      library: 'openlts-legacy/' + legacyVersion,
      uuidSource: device.weak ? 'weak' : p.deviceUUID ? 'host' : device.kept === false ? 'memory' : 'random',
      friendlyName: p.deviceFriendlyName,
    },
    handshakeCode: p.handshakeCode,
    organizationID: p.organizationID,
    sessionPassword: p.sessionPassword,
    products: p.products,
    deploymentType: 3,
    chargeWay: p.chargeWay,
    maxBufferDays: 7,
    instanceCount: 1,
    validationField: p.validationField,
  });
  var asked = JSON.parse(body);
  var pinned = p.serverPublicKey && keyID(decode(p.serverPublicKey) || []);
  post(server, pinned, '/v1/authorizations', 'openlts/1', body, p.requestTimeout, function (error, answer) {
    if (error) return done(error);
    function answers(a) {
      return (
        a.device === device.uuid &&
        a.deviceKey === device.publicKey &&
        a.nonce === asked.nonce &&
        a.request === digest(body)
      );
    }
    var known = knownKey(p, server);
    var problem = answer.json.problem;
    var key = known || decode((problem || answer.json).publicKey);
    if (problem && !(problem.code <= -20101 && problem.code > -20190)) {
      return done(LTSError(Number(problem.code), String(problem.title), String(problem.detail)));
    }
    if (!key || key.length !== 32) return done(strange(server));
    if (problem) {
      var refusal = signed('openlts-refusal', problem.refusal, key);
      // Where a server is known, a stranger can't refuse in its place; and who says that the time is wrong may have
      // it wrong.
      var others = false;
      for (var i = 0; i < p.servers.length; i++) {
        var other = knownKey(p, p.servers[i]);
        if (other && encode(other) !== encode(key)) others = true;
      }
      if (!refusal || !answers(refusal) || (!known && others)) {
        return done(
          LTSError(
            -20306,
            'SERVER_KEY_MISMATCH',
            'the refusal of ' + server + ' is not signed with the key this server is known by',
          ),
        );
      }
      var before = kept(p, device, key);
      if (
        (refusal.code === -20111 || refusal.code === -20112) &&
        before &&
        Math.abs(refusal.issuedAt - before.server) > 3600
      ) {
        return done(
          LTSError(refusal.code, String(problem.title), server + ' refuses, but its clock is not where it must be'),
        );
      }
      drop(askedFor(p, device, key));
      return done(LTSError(refusal.code, String(problem.title), refusal.detail, true));
    }
    var authorization = signed('openlts-authorization', answer.json.authorization, key);
    if (!authorization)
      return done(
        LTSError(
          -20306,
          'SERVER_KEY_MISMATCH',
          'the answer of ' + server + ' is not signed with the key this server is known by',
        ),
      );
    if (!answers(authorization)) return done(strange(server));
    var both = concat(decode(device.publicKey), decode(authorization.reportKey.serverPublicKey));
    var shared = x25519(decode(device.key), decode(authorization.reportKey.serverPublicKey));
    if (!shared || keyID(both) !== authorization.reportKey.id) return done(strange(server));
    var grant = {
      jws: answer.json.authorization,
      secret: encode(hkdf(shared, both, utf8('openlts/1/report-key'))),
      server: authorization.issuedAt,
      wall: asked.clientTime,
    };
    if (!known) save('server/' + server, encode(key));
    save(askedFor(p, device, key), grant);
    shown[server] = keyID(key);
    done(null, { authorization: authorization, secret: decode(grant.secret), lts: keyID(key) });
  });
}

// kept is what a server granted before for the same, with the server's time; null if it can't be used.
function kept(p, device, key) {
  var at = askedFor(p, device, key);
  var grant = load(at);
  var authorization = grant && signed('openlts-authorization', grant.jws, key);
  if (!authorization || authorization.device !== device.uuid || authorization.deviceKey !== device.publicKey)
    return null;
  var elapsed = now() - grant.wall;
  if (elapsed < -3600) return null;
  if (elapsed > 0) {
    grant.server += elapsed;
    grant.wall += elapsed;
    save(at, grant);
  }
  if (
    grant.server > Math.min(authorization.bufferUntil, authorization.validUntil) ||
    grant.server < authorization.issuedAt - 3600
  )
    return null;
  return {
    authorization: authorization,
    secret: decode(grant.secret),
    lts: keyID(key),
    server: grant.server,
  };
}

function authorize(p, device, i, failure, done) {
  var server = p.servers[i];
  if (server) {
    ask(p, device, server, function (error, grant) {
      if (!error || error.refused) return done(error, grant);
      authorize(p, device, i + 1, failure && failure.code !== -20200 ? failure : error, done);
    });
    return;
  }
  for (i = 0; i < p.servers.length; i++) {
    var key = knownKey(p, p.servers[i]);
    var grant = key && kept(p, device, key);
    if (grant) {
      grant.cached = failure;
      return done(null, grant);
    }
  }
  done(failure);
}

// ---------------------------------------------------------------- counting

function unitsOf(counts) {
  var sum = 0;
  for (var type in counts) if (counts.hasOwnProperty(type)) sum += counts[type];
  return sum;
}

function License(p, device, grant) {
  this.p = p;
  this.device = device;
  this.grant = grant;
  this.failed = {};
  this.types = {};
  var names = legacyTypes.split(' ');
  for (var i = 0; i < names.length; i++) this.types[names[i]] = true;
  this.begin();
  var self = this;
  this.beat = setInterval(function () {
    self.keep();
  }, 1000);
  this.interval = setInterval(function () {
    self.submit(false);
  }, p.slotSeconds * 1000);
  this.leave = function () {
    self.keep();
  };
  if (root.attachEvent && !root.addEventListener) root.attachEvent('onunload', this.leave);
  else if (root.addEventListener) {
    root.addEventListener('pagehide', this.leave, false);
    root.addEventListener('unload', this.leave, false);
  }
  this.submit(false);
}

License.prototype.begin = function () {
  this.run = {
    v: 1,
    id: uuid(),
    device: this.device.uuid,
    lts: this.grant.lts,
    handshakeCode: this.grant.authorization.handshakeCode,
    item: this.grant.authorization.item.id,
    length: this.p.slotSeconds,
    at: 0,
    slots: {},
    accepted: {},
  };
  this.dirty = true;
};

License.prototype.defineOperationType = function (name) {
  if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(name))
    throw LTSError(-20300, 'INVALID_ARGUMENT', name + ' is not a name of an operation type');
  this.types[name] = true;
};

// record counts operations in the slot of now. They are kept within a second.
License.prototype.record = function (type, count) {
  if (this.closed) throw LTSError(-20301, 'INVALID_HANDLE', 'The license was closed.');
  if (count === undefined) count = 1;
  if (!(count >= 0 && count % 1 === 0 && count < 9007199254740992))
    throw LTSError(-20300, 'INVALID_ARGUMENT', count + ' is not a number of operations');
  if (this.types[type] !== true)
    throw LTSError(-20310, 'UNKNOWN_OPERATION_TYPE', 'The operation type ' + type + ' is not defined.');
  if (!count) return;
  var slot = Math.floor(now() / this.run.length) * this.run.length;
  if (slot < this.run.floor) this.begin(); // it is over, and the clock was set back
  var counts = this.run.slots[slot] || (this.run.slots[slot] = {});
  counts[type] = (counts[type] || 0) + count;
  this.dirty = true;
};

// keep writes what is new, and a sign of life: runs of pages that are silent for three slots are adopted.
License.prototype.keep = function () {
  var at = new Date().getTime();
  if (!this.dirty && at - this.run.at < 30000) return;
  this.dirty = false;
  this.run.at = at;
  var any = false;
  for (var slot in this.run.slots) any = true;
  if (any) this.kept = save('run/' + this.run.id, this.run);
  else drop('run/' + this.run.id);
};

// pending are the reports to be sent, oldest first: of this page, and of pages that died.
License.prototype.pending = function (all) {
  var reports = [];
  var time = now();
  var keys = keysOf('run/');
  for (var i = 0; i < keys.length; i++) {
    var own = keys[i] === 'run/' + this.run.id;
    var run = own ? this.run : load(keys[i]);
    if (!run || run.v !== 1 || run.device !== this.device.uuid || run.lts !== this.grant.lts) continue;
    if (!own && !run.closed && Math.abs(time - run.at / 1000) < 3 * run.length) continue;
    for (var start in run.slots) {
      if (!run.slots.hasOwnProperty(start)) continue;
      var slot = Number(start);
      var units = unitsOf(run.slots[start]);
      var name = run.id + '/' + start;
      if (units <= (run.accepted[start] || 0) || this.failed[name]) continue;
      if (own && !all && slot + run.length > time) continue;
      reports.push({ run: run, slot: slot, units: units, name: name, own: own, lost: slot < time - RETENTION });
    }
  }
  return reports
    .sort(function (a, b) {
      return a.slot - b.slot;
    })
    .slice(0, 500);
};

// submit sends what is pending, and calls done(error), if it is given.
License.prototype.submit = function (all, done) {
  var self = this;
  done = done || function () {};
  this.keep();
  var reports = this.pending(all);
  if (!reports.length) return done(null);
  var groups = [];
  var places = {};
  for (var i = 0; i < reports.length; i++) {
    var r = reports[i];
    var place = places[r.run.id];
    if (!place) {
      place = places[r.run.id] = { index: groups.length, reports: [] };
      groups.push({
        run: r.run.id,
        handshakeCode: r.run.handshakeCode,
        item: r.run.item,
        slotSeconds: r.run.length,
        reports: place.reports,
      });
    }
    r.group = place.index;
    r.place = place.reports.length;
    place.reports.push({
      slot: r.slot,
      revision: r.units,
      counts: r.run.slots[r.slot],
      lost: r.lost ? 'expired' : undefined,
    });
  }
  var batch = uuid();
  var body = JSON.stringify({ protocol: 1, batch: batch, device: this.device.uuid, sentAt: now(), groups: groups });
  var first =
    'openlts/1 ' +
    this.grant.authorization.reportKey.id +
    ' ' +
    encode(hmac(this.grant.secret, utf8('openlts/1/report\n' + body)));
  (function offer(i, failure) {
    var server = self.p.servers[i];
    if (!server) {
      for (var j = 0; j < reports.length; j++) self.failed[reports[j].name] = true; // until the next start
      return done(failure);
    }
    post(server, self.grant.lts, '/v1/reports', first, body, self.p.requestTimeout, function (error, answer) {
      if (!error && answer.json.problem)
        error = LTSError(
          Number(answer.json.problem.code),
          String(answer.json.problem.title),
          String(answer.json.problem.detail),
        );
      // A success without a valid receipt is none.
      if (
        !error &&
        (answer.json.batch !== batch ||
          answer.mac !==
            encode(hmac(self.grant.secret, concat(utf8('openlts/1/receipt\n'), sha256(utf8(body)), utf8(answer.body)))))
      )
        error = strange(server);
      if (error) {
        delete shown[server]; // the address may be another server's by now
        return offer(i + 1, failure || error);
      }
      self.apply(answer.json, reports);
      self.submit(all, done);
    });
  })(0, null);
};

// apply does what a receipt says: what is confirmed, or refused for good, leaves.
License.prototype.apply = function (receipt, reports) {
  var exceptions = receipt.exceptions || [];
  for (var i = 0; i < reports.length; i++) {
    var r = reports[i];
    var retry = false;
    for (var j = 0; j < exceptions.length; j++) {
      if (exceptions[j].group === r.group && exceptions[j].report === r.place) retry = !!exceptions[j].retry;
    }
    if (retry) {
      this.failed[r.name] = true;
      continue;
    }
    r.run.accepted[r.slot] = r.units;
    var over = !r.own || this.closed || r.slot + r.run.length <= now();
    if (over && unitsOf(r.run.slots[r.slot]) <= r.units) {
      delete r.run.slots[r.slot];
      delete r.run.accepted[r.slot];
      r.run.floor = Math.max(r.run.floor || 0, r.slot + r.run.length);
    }
    if (r.own) {
      this.dirty = true;
      continue;
    }
    var any = false;
    for (var slot in r.run.slots) any = true;
    if (any) save('run/' + r.run.id, r.run);
    else drop('run/' + r.run.id);
  }
  this.keep();
};

License.prototype.info = function () {
  var a = this.grant.authorization;
  var pending = 0;
  for (var slot in this.run.slots) pending += unitsOf(this.run.slots[slot]) - (this.run.accepted[slot] || 0);
  return {
    handshakeCode: a.handshakeCode,
    organizationID: a.organizationID,
    itemID: a.item.id,
    deviceUUID: this.device.uuid,
    runUUID: this.run.id,
    pending: pending,
    cached: !!this.grant.cached,
    weak: !!this.device.weak,
    storage: storage && this.kept !== false ? 'localStorage' : 'memory',
  };
};

// close submits all; done(error) is called at the end. What is left stays for the next page.
License.prototype.close = function (done) {
  var self = this;
  if (this.closed) return done && done(null);
  this.closed = this.run.closed = this.dirty = true;
  clearInterval(this.beat);
  clearInterval(this.interval);
  if (root.removeEventListener) {
    root.removeEventListener('pagehide', this.leave, false);
    root.removeEventListener('unload', this.leave, false);
  }
  this.submit(true, function (error) {
    self.dirty = true;
    self.keep();
    if (done) done(error || null);
  });
};

// createLicense gets the page authorized; done(error, license) is called once. An error has code, name and message.
function createLicense(given, done) {
  var list = typeof given.licenseServer === 'string' ? [given.licenseServer] : given.licenseServer || [];
  var p = {
    servers: [],
    handshakeCode: given.handshakeCode || '',
    organizationID: given.organizationID || '',
    sessionPassword: given.sessionPassword || '',
    deviceFriendlyName: given.deviceFriendlyName || '',
    deviceUUID: given.deviceUUID || '',
    serverPublicKey: given.serverPublicKey || '',
    chargeWay: given.chargeWay || 0,
    products: given.products || 65535,
    slotSeconds: given.slotSeconds || 180,
    requestTimeout: given.requestTimeout || 5000,
    validationField: given.validationField || (root.location && root.location.hostname) || '',
  };
  for (var i = 0; i < list.length; i++) if (list[i]) p.servers.push(String(list[i]).replace(/\/+$/, ''));
  if (!p.servers.length)
    return done(
      LTSError(
        -20300,
        'INVALID_ARGUMENT',
        'licenseServer is empty: set it to the address of the License Tracking Server',
      ),
    );
  if (!p.handshakeCode && !p.organizationID)
    return done(LTSError(-20000, 'NO_LICENSE', 'No license specified. Set handshakeCode or organizationID.'));
  var device = identify(p);
  authorize(p, device, 0, null, function (error, grant) {
    if (error) done(error);
    else done(null, new License(p, device, grant));
  });
}

root.OpenLTSLegacy = { createLicense: createLicense, version: legacyVersion };
