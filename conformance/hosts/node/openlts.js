const koffi = require('koffi');

const library = koffi.load('libopenlts.so.0');
const init = library.func(
  'int LTS_InitLicense(str key, void *parameters, _Out_ int64_t *license, _Out_ uint8_t *message, int length)');

exports.QR_CODE = 16;
exports.PAGE_SCANNED = 64;
exports.record = library.func('int LTS_RecordOperation(int64_t license, int type, int count)');
exports.close = library.func('int LTS_CloseLicense(int64_t license, int timeout)');
exports.open = () => {
  const license = [0];
  const message = Buffer.alloc(256);
  if (init(process.env.LTS_KEY, null, license, message, message.length) !== 0) {
    throw new Error(message.toString('utf8', 0, message.indexOf(0)));
  }
  return license[0];
};
