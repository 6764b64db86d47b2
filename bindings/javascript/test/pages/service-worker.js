importScripts('/dist/openlts.js');
addEventListener('install', () => skipWaiting());
addEventListener('message', (event) => {
  event.waitUntil(
    (async () => {
      try {
        const { stay, ...parameters } = event.data;
        const license = await OpenLTS.createLicense(parameters);
        license.record('MAXICODE', 4);
        if (stay) await license.info(); // which keeps
        event.ports[0].postMessage({ status: stay ? 0 : await license.close(20000) });
      } catch (cause) {
        event.ports[0].postMessage({ error: String(cause) });
      }
    })(),
  );
});
