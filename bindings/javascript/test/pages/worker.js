importScripts('/dist/openlts.js');
onmessage = async ({ data }) => {
  try {
    const license = await OpenLTS.createLicense(data);
    license.record('AZTEC', 7);
    postMessage({ status: await license.close(20000) });
  } catch (cause) {
    postMessage({ error: String(cause) });
  }
};
