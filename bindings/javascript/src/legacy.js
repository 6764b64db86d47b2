// The edition for old browsers, such as Internet Explorer 9: ECMAScript 5 without typed arrays, callbacks,
// localStorage, XMLHttpRequest or XDomainRequest. docs/javascript.md says what it can't do.
//
//   OpenLTSLegacy.createLicense({licenseServer: ..., handshakeCode: ...}, function (error, license) { ... });
//   license.record('QR_CODE', 1);
//
// It keeps the rules of the other edition: cumulative reports whose sum is their revision, by slots; nothing is deleted
// without a verified receipt; a run is a page, and one that died is adopted by the next.
import { legacyVersion } from './legacy-constants.js';
import { authorize, identify } from './legacy/authorization.js';
import { LTSError } from './legacy/errors.js';
import { License } from './legacy/license.js';
import { root } from './legacy/root.js';

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
