// What a tab of the tests does; its opener, or the DevTools protocol, tells it.
const lts = new URLSearchParams(location.search).get('lts') || parent.lts;
let license;
let run; // the id of its run

async function begin(more) {
  license = await OpenLTS.createLicense({
    licenseServer: lts,
    handshakeCode: '100001-reader',
    slotSeconds: parent.parameters ? parent.parameters.slotSeconds : 180,
    ...more,
  });
  const info = await license.info();
  run = info.runUUID;
  return info.storage;
}

/** The units of a type that a row of the store has. */
function unitsOf(row, type) {
  return Object.values(row ? row.slots : {}).reduce((sum, counts) => sum + (counts[type] || 0), 0);
}

/** How many units of a type the store has of this tab's run: what another page finds if this one dies now. */
function kept(type) {
  return new Promise((resolve) => {
    const request = indexedDB.open('openlts', 1);
    request.onupgradeneeded = () => request.transaction.abort(); // it was evicted, and not made anew yet
    request.onerror = () => resolve(0);
    request.onsuccess = () => {
      const read = request.result
        .transaction('kv')
        .objectStore('kv')
        .get('run/' + run);
      read.transaction.oncomplete = () => {
        request.result.close();
        resolve(unitsOf(read.result, type));
      };
    };
  });
}
