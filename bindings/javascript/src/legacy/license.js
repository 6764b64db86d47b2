// A license in use: it counts operations by slots, and submits them.
import { legacyTypes } from '../legacy-constants.js';
import { concat, hmac, sha256 } from '../sha256.js';
import { now } from './authorization.js';
import { encode, utf8 } from './bytes.js';
import { LTSError, strange } from './errors.js';
import { uuid } from './random.js';
import { post, shown } from './requests.js';
import { root } from './root.js';
import { drop, keysOf, load, save, storage } from './storage.js';

var RETENTION = 30 * 86400;

function unitsOf(counts) {
  var sum = 0;
  for (var type in counts) if (counts.hasOwnProperty(type)) sum += counts[type];
  return sum;
}

export function License(p, device, grant) {
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
