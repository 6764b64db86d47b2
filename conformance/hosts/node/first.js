const { Worker, isMainThread, workerData } = require('node:worker_threads');
const lts = require('./openlts');

if (isMainThread) {
  const license = lts.open();
  const ended = Array.from({ length: 4 }, () => new Promise((resolve, reject) => {
    new Worker(__filename, { workerData: license }).on('error', reject).on('exit', resolve);
  }));
  for (let i = 0; i < 500; i++) lts.record(license, lts.PAGE_SCANNED, 1);
  Promise.all(ended).then(() => {
    console.log('recorded');
    process.exitCode = lts.close(license, 3000) === 0 ? 0 : 1;
  });
} else {
  for (let i = 0; i < 1000; i++) lts.record(workerData, lts.QR_CODE, 1);
}
