// What a tab of the tests does; its opener, or the DevTools protocol, tells it.
const lts = new URLSearchParams(location.search).get('lts') || parent.lts;
let license;

async function begin(more) {
  license = await OpenLTS.createLicense({
    licenseServer: lts,
    handshakeCode: '100001-reader',
    slotSeconds: parent.parameters ? parent.parameters.slotSeconds : 180,
    ...more,
  });
  return (await license.info()).storage;
}
