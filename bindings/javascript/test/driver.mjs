// Drives the package in Chromium for `lts conformance client`: does what standard input says (docs/judging.md). The
// data directory holds the browser's profile.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Chromium } from './engines.mjs';
import { repository } from './server.mjs';

const page = 'https://shop.example.com/';
const script = readFileSync(join(repository, 'out/javascript/dist/openlts.js'), 'utf8');
let browser;
let tab;

/** Runs statements in the page, and gives the status that they return or fail with. */
const run = (statements) =>
  tab.evaluate(`(async () => { ${statements} })().then((status) => status ?? 0, (error) => error.code ?? -1)`);

async function perform(command, words) {
  switch (command) {
    case 'open': {
      const [main, standby, handshakeCode, directory] = words;
      // A page of the internet would need the user's leave to reach the servers of this machine.
      browser = await Chromium.start(join(directory, 'profile'), '--disable-features=LocalNetworkAccessChecks');
      tab = await browser.open(page, { [page]: `<!doctype html><script>${script}</script>` });
      const parameters = { licenseServer: standby === '-' ? main : [main, standby], handshakeCode };
      return run(`window.license = await OpenLTS.createLicense(${JSON.stringify(parameters)})`);
    }
    case 'record':
      // Kept once it resolves, whatever becomes of the browser.
      return run(`await license.recordAt('${words[0]}', ${words[1]}, Date.now())`);
    case 'submit':
      return run('await license.submit()');
    default:
      return run('return license.close(20000)');
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...words] = line.split(' ');
  const status = await perform(command, words);
  console.log(status === 0 ? 'ok' : `error ${status}`);
}
await browser?.kill();
