// Authorizations: from the first server that answers, or kept from before.
import { ed25519Verify, x25519, x25519Public } from '../pure-crypto.js';
import { concat, hkdf, sha256 } from '../sha256.js';
import { decode, encode, fromUTF8, utf8 } from './bytes.js';
import { legacyVersion } from '../legacy-constants.js';
import { LTSError, strange } from './errors.js';
import { random, uuid, weak } from './random.js';
import { keyID, post, shown } from './requests.js';
import { drop, load, save } from './storage.js';

export function now() {
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

export function identify(p) {
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

export function authorize(p, device, i, failure, done) {
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
