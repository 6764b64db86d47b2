// The package in Chromium, judged as any client is: by `lts conformance client`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { missing } from './engines.mjs';
import { lts, repository } from './server.mjs';

const driver = join(repository, 'bindings/javascript/test/driver.mjs');

test('every scenario of a client', { skip: missing('chromium') || false }, async () => {
  const printed = await new Promise((resolve) => {
    execFile(lts, ['conformance', 'client', '--json', '--', process.execPath, driver], (_, out, log) =>
      resolve({ out, log }),
    );
  });
  const { verdicts } = JSON.parse(printed.out);
  assert.ok(verdicts.length > 20);
  assert.deepEqual(
    verdicts.filter(({ outcome }) => outcome !== 'passed'),
    [],
    printed.log,
  );
});
