// Tests the library in the browser it runs in, and reports what it counted and what was wrong.
const query = new URLSearchParams(location.search);
const lts = query.get('lts');
// Without locks, a tab that died is known by its silence, of three slots.
var parameters = { licenseServer: lts, handshakeCode: '100001-reader', slotSeconds: query.get('without') ? 1 : 180 };
const result = { failures: [], units: 0, notes: { derived: 0 } };
// How often WebCrypto did X25519.
if (crypto.subtle) {
  crypto.subtle.deriveBits = async (...args) => {
    const bits = await SubtleCrypto.prototype.deriveBits.apply(crypto.subtle, args);
    result.notes.derived++;
    return bits;
  };
}
addEventListener('securitypolicyviolation', (event) =>
  result.failures.push(`CSP: ${event.violatedDirective} ${event.blockedURI}`),
);
addEventListener('error', (event) => result.failures.push(`error: ${event.message}`));
addEventListener('unhandledrejection', (event) => result.failures.push(`unhandled: ${event.reason}`));

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function check(condition, what) {
  if (!condition) result.failures.push(what);
}

async function until(condition, what) {
  for (const end = Date.now() + 120_000; !(await condition()); await sleep(50)) {
    if (Date.now() > end) return void result.failures.push(`in vain: ${what}`);
  }
}

function frame() {
  return new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.onload = () => resolve(frame);
    frame.src = '/pages/blank.html' + location.search;
    document.body.append(frame);
  });
}

async function counting() {
  const license = await OpenLTS.createLicense(parameters);
  let info = await license.info();
  check(
    info.storage === 'indexeddb' && info.stateFlags === 0,
    `storage ${info.storage} ${info.storageFailure}, flags ${info.stateFlags}`,
  );
  license.record('QR_CODE', 3);
  license.record('EAN_13');
  license.record('EAN_13');
  await license.recordAt('EAN_8', 2, new Date(Date.now() - 7200000));
  result.units += 7;
  await license.submit();
  info = await license.info();
  check(info.accepted === 7 && info.pending === 0, `accepted ${info.accepted}, pending ${info.pending}`);
  check((await license.close()) === 0, 'close leaves reports');
}

async function refusing() {
  try {
    await OpenLTS.createLicense({ ...parameters, handshakeCode: 'nobody' });
    check(false, 'an unknown code was not refused');
  } catch (error) {
    check(
      error instanceof OpenLTS.LTSError && error.code === -20101 && error.name === 'HANDSHAKE_CODE_NOT_FOUND',
      String(error),
    );
  }
}

/** Tabs at once, of which one dies without a word, and what it counted is taken over. */
async function tabs() {
  const frames = await Promise.all([frame(), frame(), frame()]);
  await Promise.all(frames.map((frame) => frame.contentWindow.eval('begin()')));
  for (let i = 0; i < 20; i++) {
    for (const frame of frames) frame.contentWindow.eval(`license.record('CODE_128')`);
    await sleep(10);
  }
  await sleep(1500);
  result.units += 60;
  frames[0].remove();
  for (const frame of frames.slice(1)) {
    await frame.contentWindow.eval('license.close()');
    frame.remove();
  }
  const license = await OpenLTS.createLicense(parameters);
  await until(async () => (await license.info()).pending === 0, 'the run of a tab that died is taken over');
  const info = await license.info();
  check(
    info.recorded === info.accepted && info.recorded === result.units,
    `recorded ${info.recorded}, accepted ${info.accepted}, counted ${result.units}`,
  );
  await license.close();
}

async function workers() {
  const worker = new Worker('/pages/worker.js');
  const answer = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => resolve({ error: event.message });
    worker.postMessage(parameters);
  });
  check(answer.status === 0, `worker: ${JSON.stringify(answer)}`);
  result.units += 7;
  worker.terminate();
  if (!navigator.serviceWorker) return;
  const registration = await navigator.serviceWorker.register('/pages/service-worker.js');
  await until(() => registration.active, 'the service worker is active');
  const { port1, port2 } = new MessageChannel();
  const served = await new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    registration.active.postMessage(parameters, [port2]);
    setTimeout(() => resolve({ error: 'silence' }), 120_000);
  });
  check(served.status === 0, `service worker: ${JSON.stringify(served)}`);
  result.units += 4;
  result.notes.serviceWorker = true;
  await registration.unregister();
}

/** How often a cost is measured at least, and at most if it is too high: a busy machine only adds to it. */
const fewest = 7;
const most = 70;

/** Does rounds of measuring until costs are low enough, or the most were done. */
async function rounds(measure, low) {
  for (let i = 0; i < fewest || (i < most && !low()); i++) await measure();
}

/** How long a piece of work takes, in milliseconds. */
async function duration(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** What recording costs beside functions that do nothing, or the least there is to do, in nanoseconds. */
async function costsOfRecording(license) {
  const n = 2000000;
  const empty = new Function('type', 'count', '');
  // An engine puts a small function in the place of its call. One whose code is long is called, though nothing of it
  // is done.
  const called = new Function('type', 'count', `if (count < 0) { ${'type = type + count * 3;'.repeat(2000)} }`);
  const counter = { type: 'QR_CODE', left: 0, n: 0 };
  const count = (type, n) => {
    if (type === counter.type && --counter.left >= 0) counter.n += n;
  };
  const works = {
    record() {
      for (let i = 0; i < n; i++) license.record('QR_CODE', 1);
      result.units += n;
    },
    inlinedEmpty() {
      for (let i = 0; i < n; i++) empty('QR_CODE', 1);
    },
    emptyCall() {
      for (let i = 0; i < n; i++) called('QR_CODE', 1);
    },
    leastCount() {
      counter.left = n;
      for (let i = 0; i < n; i++) count('QR_CODE', 1);
    },
    clock() {
      for (let i = 0; i < n; i++) Date.now();
    },
  };
  const { notes } = result;
  await rounds(
    async () => {
      for (const [name, work] of Object.entries(works)) {
        const each = Math.round(((await duration(work)) / n) * 1e7) / 10;
        notes[name] = Math.min(notes[name] ?? Infinity, each);
      }
    },
    () => notes.record <= 3 * notes.emptyCall,
  );
  notes.cheap = notes.record <= 3 * notes.emptyCall;
}

/** How long a start with everything at hand takes, and what of it is the database's and the network's, in ms. */
async function costsOfStarting() {
  const bad = { method: 'POST', body: 'openlts/1\n{}', headers: { 'Content-Type': 'text/plain' } };
  const works = {
    async warmStart() {
      const license = await OpenLTS.createLicense(parameters);
      return () => license.close(0);
    },
    database: () =>
      new Promise((resolve) => {
        const request = indexedDB.open('openlts', 1);
        request.onsuccess = () => {
          const read = request.result.transaction('kv').objectStore('kv').get('nothing');
          read.transaction.oncomplete = () => {
            request.result.close();
            resolve();
          };
        };
      }),
    network: async () => void (await (await fetch(lts + '/v1/authorizations', bad)).text()),
  };
  const { notes } = result;
  const quick = () => notes.warmStart - notes.network < 20;
  await rounds(async () => {
    for (const [name, work] of Object.entries(works)) {
      let end;
      const took = Math.round((await duration(async () => (end = await work()))) * 10) / 10;
      await end?.();
      notes[name] = Math.min(notes[name] ?? Infinity, took);
    }
  }, quick);
  notes.quick = quick();
}

async function costs() {
  await costsOfStarting();
  const license = await OpenLTS.createLicense(parameters);
  await costsOfRecording(license);
  await license.close();
}

(async () => {
  try {
    result.notes.secure = isSecureContext;
    result.notes.subtle = !!crypto.subtle;
    result.notes.locks = !!navigator.locks;
    await counting();
    await refusing();
    await tabs();
    await workers();
    await costs();
  } catch (cause) {
    result.failures.push(String(cause) + ' ' + (cause && cause.stack));
  }
  await fetch('/result?name=' + query.get('name'), { method: 'POST', body: JSON.stringify(result) });
})();
