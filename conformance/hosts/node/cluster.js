const cluster = require('node:cluster');
const http = require('node:http');

if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork();
  let ending = false;
  cluster.on('exit', () => ending || cluster.fork());
  process.on('SIGTERM', () => {
    ending = true;
    cluster.disconnect(() => process.exit(0));
  });
} else {
  const lts = require('./openlts');
  const license = lts.open();
  http.createServer((request, response) => {
    lts.record(license, lts.QR_CODE, 1);
    response.setHeader('Connection', 'close');
    response.end(String(process.pid));
  }).listen(process.argv[2]);
}
