importScripts('/dist/openlts.js');
addEventListener('install', () => skipWaiting());
addEventListener('message', (event) => {
  event.waitUntil(
    (async () => {
      try {
        const license = await OpenLTS.createLicense(event.data);
        license.record('MAXICODE', 4);
        event.ports[0].postMessage({ status: await license.close(20000) });
      } catch (cause) {
        event.ports[0].postMessage({ error: String(cause) });
      }
    })(),
  );
});
