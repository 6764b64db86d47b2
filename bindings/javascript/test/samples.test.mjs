// The sample SDKs in real engines, and the JavaScript snippets published for SDKs with trackable licenses: their text
// stands here as it was published, and but for the server's URL, the handshake code and where a script lies nothing
// is replaced.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Browser } from './browser-double.mjs';
import { launch, missing, profile, removeProfile } from './engines.mjs';
import { PageServer } from './page-server.mjs';
import { repository, Server } from './server.mjs';

const configure = `
// DBR 
Dynamsoft.DBR.BarcodeReader.licenseServer = ["https://your.mainServer.com"];
// DWT
Dynamsoft.DWT.licenseServer = ["https://your.mainServer.com"];
`;

const specify = `
// DBR
Dynamsoft.DBR.BarcodeReader.handshakeCode = "DynamsoftID-CustomCode";
let reader = await Dynamsoft.DBR.BarcodeReader.createInstance();

// DWT
Dynamsoft.DWT.handshakeCode = "DynamsoftID-CustomCode";
Dynamsoft.DWT.Load();
`;

const scriptTag =
  '<script src="https://cdn.jsdelivr.net/npm/dynamsoft-javascript-barcode@8/dist/dbr.js" data-productKeys="DynamsoftID-CustomCode"></script>';

const handle = `
try {
    reader = await Dynamsoft.DBR.BarcodeReader.createInstance();
} catch (ex) {
    // Check the error message and if it's a license error, like
    // "License has exceeded its limit."
    // Try to notify the user to try again or to contact the site administrator
}
`;

let server;
let pages;
let folder;

/** A PDF with a line of text on each page. */
function pdf(...lines) {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${lines.length} /Kids [${lines.map((_, i) => `${4 + 2 * i} 0 R`).join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  lines.forEach((line, i) => {
    const text = `BT /F1 24 Tf 72 700 Td (${line}) Tj ET`;
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> ` +
        `/Contents ${5 + 2 * i} 0 R >>`,
      `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    );
  });
  let out = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const at = out.length;
    out += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const at = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  out += `${offsets.map((o) => `${String(o).padStart(10, '0')} 00000 n \n`).join('')}`;
  return `${out}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`;
}

/** Images of barcodes, by the type each is counted as. */
async function drawBarcodes() {
  const modules = join(repository, 'examples/barcode-reader/javascript/node_modules/zxing-wasm/dist');
  const { prepareZXingModule, writeBarcode } = await import(join(modules, 'es/writer/index.js'));
  prepareZXingModule({ overrides: { wasmBinary: readFileSync(join(modules, 'writer/zxing_writer.wasm')).buffer } });
  const images = [];
  for (const [format, text] of [
    ['QRCode', 'https://example.com'],
    ['QRCode', 'again'],
    ['EAN13', '4006381333931'],
    ['Code128', 'OpenLTS'],
    ['PDF417', 'a stacked one'],
    ['DataMatrix', 'small'],
    ['Aztec', 'with an eye'],
    ['Code39', 'ABC123'],
    ['UPCA', '036000291452'],
    ['ITF', '12345670'],
  ]) {
    const { image } = await writeBarcode(text, { format, scale: 4, withQuietZones: true });
    const name = `${format}-${images.length}.png`;
    writeFileSync(join(folder, name), Buffer.from(await image.arrayBuffer()));
    images.push({ name, text });
  }
  return images;
}

before(async () => {
  server = await new Server().start();
  await server.run('handshake', 'add', 'DWT', '--org', '100001');
  await server.run(
    'item',
    'add',
    'pages',
    '--org',
    '100001',
    '--id',
    'pages',
    '--charge-way',
    'page',
    '--quota',
    '100000',
    '--products',
    'DWT',
    '--handshake',
    '100001-DWT',
  );
  await server.run('handshake', 'add', 'full', '--org', '100001');
  await server.run(
    'item',
    'add',
    'full',
    '--org',
    '100001',
    '--id',
    'full',
    '--charge-way',
    'device',
    '--quota',
    '1',
    '--handshake',
    '100001-full',
  );
  // All seats of that code are taken.
  for (let refused = false; !refused;) {
    const license = new Browser().open({ licenseServer: server.url, handshakeCode: '100001-full' });
    await license.then(
      (license) => license.close(0),
      () => (refused = true),
    );
  }
  folder = mkdtempSync(join(tmpdir(), 'lts-pages-'));
  mkdirSync(folder, { recursive: true });
  pages = await new PageServer({ sdk: join(repository, 'out/javascript/examples'), made: folder }).start();
});
after(async () => {
  await pages.stop();
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Text with what a reader of the page replaces. */
function replaced(text, code = '100001-reader') {
  return text
    .replaceAll('https://your.mainServer.com', server.url)
    .replaceAll('DynamsoftID-CustomCode', code)
    .replace('https://cdn.jsdelivr.net/npm/dynamsoft-javascript-barcode@8/dist/', '/sdk/');
}

let made = 0;

/** Runs a page with these scripts; its module reports what it puts into `result`. */
async function run(engine, head, module) {
  const name = `page-${++made}`;
  writeFileSync(
    join(folder, `${name}.html`),
    `<!doctype html><meta charset="utf-8"><title>Sample</title><link rel="icon" href="data:,">
<body>${head}<script type="module" src="/made/${name}.mjs"></script>`,
  );
  writeFileSync(
    join(folder, `${name}.mjs`),
    `const result = {};
addEventListener('unhandledrejection', (event) => { result.unhandled = String(event.reason); });
addEventListener('securitypolicyviolation', (event) => {
  result.policy = event.violatedDirective + ' ' + event.blockedURI;
});
try { ${module} } catch (error) { result.error = String(error) + error.stack; }
await fetch('/result?name=${name}', { method: 'POST', body: JSON.stringify(result) });`,
  );
  // The decoder is WebAssembly, the PDF library has a worker and draws text with fonts of its own.
  pages.policy =
    `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src 'self' data: blob:; ` +
    `font-src 'self' data:; style-src 'self'; connect-src 'self' ${server.url}`;
  const directory = profile();
  const reported = pages.result(name, 90);
  const end = launch(engine, directory, `${pages.url}/made/${name}.html`);
  try {
    const result = await reported;
    assert.equal(result.error, undefined);
    assert.equal(result.unhandled, undefined);
    return result;
  } finally {
    await end();
    removeProfile(directory);
  }
}

const both = '<script src="/sdk/dbr.js"></script><script src="/sdk/dwt.js"></script>';

for (const engine of ['chromium', 'firefox', 'webkit']) {
  test(engine, { skip: missing(engine) || false }, async (t) => {
    await t.test('the published snippets', async () => {
      const result = await run(
        engine,
        both,
        `${replaced(configure)}${replaced(specify)}
        await Dynamsoft.DWT.Load();
        result.reader = reader.constructor.name !== '';
        result.pages = Dynamsoft.DWT.GetWebTwain().HowManyImagesInBuffer;
        result.exception = Dynamsoft.DWT.licenseException;
        // The script tag that holds the code, on a page of its own:
        result.code = Dynamsoft.DBR.BarcodeReader.productKeys;`,
      );
      assert.deepEqual(result, { reader: true, pages: 0, exception: '', code: '100001-reader' });

      const tagged = await run(
        engine,
        replaced(scriptTag),
        `
        result.code = Dynamsoft.DBR.BarcodeReader.handshakeCode;
        Dynamsoft.DBR.BarcodeReader.licenseServer = ['${server.url}'];
        const reader = await Dynamsoft.DBR.BarcodeReader.createInstance();
        result.item = (await reader.licenseInfo()).itemID;`,
      );
      assert.deepEqual(tagged, { code: '100001-reader', item: 'scans' });

      // The error reaches the catch, with the published message, once the dialog is closed.
      const caught = await run(
        engine,
        both,
        `
        Dynamsoft.DBR.BarcodeReader.licenseServer = '${server.url}';
        Dynamsoft.DBR.BarcodeReader.handshakeCode = '100001-full';
        const look = setInterval(() => {
          const root = document.querySelector('openlts-license-dialog')?.shadowRoot;
          if (!root?.querySelector('dialog').open) return;
          clearInterval(look);
          result.dialog = root.querySelector('dialog').getAttribute('role');
          result.what = root.getElementById('what').textContent;
          result.message = root.getElementById('message').textContent;
          result.width = getComputedStyle(root.querySelector('dialog')).paddingTop;
          root.getElementById('close').click();
        }, 20);
        let reader;
        ${handle.replace('// Try to notify', 'result.caught = [ex.code, ex.name, ex.message];\n    // Try to notify')}`,
      );
      assert.deepEqual(caught, {
        dialog: 'alertdialog',
        what: 'All that the license of this site allows is in use.',
        message: 'License has exceeded its limit. (-20120)',
        width: '24px',
        caught: [-20120, 'LIMIT_EXCEEDED', 'License has exceeded its limit.'],
      });
    });

    await t.test('barcodes: what is decoded is what is counted', async () => {
      const images = await drawBarcodes();
      const before = await server.counts('handshake,item,type');
      const { decoded } = await run(
        engine,
        both,
        `
        Object.assign(Dynamsoft.DBR.BarcodeReader, { licenseServer: '${server.url}', handshakeCode: '100001-reader' });
        const reader = await Dynamsoft.DBR.BarcodeReader.createInstance();
        result.decoded = [];
        for (const name of ${JSON.stringify(images.map(({ name }) => name))}) {
          result.decoded.push(...await reader.decode('/made/' + name));
        }
        const image = document.body.appendChild(new Image());
        image.src = '/made/${images[0].name}';
        await image.decode();
        result.decoded.push(...await reader.decode(image));
        await reader.submit();`,
      );
      assert.ok(decoded.length >= 10, JSON.stringify(decoded.map((result) => result.barcodeFormatString)));
      const now = await server.counts('handshake,item,type');
      let units = 0;
      const types = new Set();
      for (const [key, count] of Object.entries(now)) {
        units += count - (before[key] ?? 0);
        if (count !== before[key]) types.add(key.split(' ')[2]);
      }
      assert.equal(units, decoded.length);
      assert.ok(
        types.has('QR_CODE') && types.has('EAN_13') && types.has('DATAMATRIX') && !types.has('OPERATION'),
        Array.from(types).join(),
      );
      for (const { text } of images.slice(0, 3))
        assert.ok(
          decoded.some((result) => result.barcodeText === text),
          text,
        );
    });

    await t.test('documents: pages by the way they came', async () => {
      writeFileSync(join(folder, 'letter.pdf'), pdf('Dear reader', 'page two', 'page three'));
      const images = await drawBarcodes();
      const before = await server.counts('handshake,type');
      const result = await run(
        engine,
        both,
        `
        Object.assign(Dynamsoft.DWT, { licenseServer: ['${server.url}'], handshakeCode: '100001-DWT' });
        await Dynamsoft.DWT.Load();
        const twain = Dynamsoft.DWT.GetWebTwain();
        await twain.AcquireImage();
        await twain.AcquireImage({ source: 'Feeder' });
        await twain.LoadImage('/made/letter.pdf');
        await twain.LoadImage('/made/${images[0].name}');
        await twain.Rasterize('/made/letter.pdf', { resolution: 72 });
        twain.Capture(twain.GetImage(0));
        result.text = twain.Recognize(4);
        result.size = [twain.GetImage(8).width, twain.GetImage(8).height];
        result.pages = twain.HowManyImagesInBuffer;
        result.report = await twain.Report();
        await twain.Submit();`,
      );
      const types = { scanned: 4, loaded: 4, rasterized: 3, captured: 1, recognized: 1 };
      assert.equal(result.text, 'Dear reader');
      assert.deepEqual(result.size, [595, 842]);
      assert.equal(result.pages, 12);
      assert.deepEqual(result.report.importTypes, types);
      assert.equal(result.report.pages, 13);
      assert.equal(result.report.handshakeCode, '100001-DWT');
      assert.match(result.report.clientUUID, /^[0-9a-f-]{36}$/);
      assert.equal(new Date(result.report.timeLabel).getTime() % 180_000, 0);
      const now = await server.counts('handshake,type');
      for (const [how, count] of Object.entries(types)) {
        const key = `100001-DWT PAGE_${how.toUpperCase()}`;
        assert.equal(now[key] - (before[key] ?? 0), count, key);
      }
    });
  });
}
