// How the sources look: prettier's form, and no line over 120 columns, which prettier does not see to in comments and texts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from './server.mjs';

const here = join(repository, 'bindings/javascript');
const examples = ['barcode-reader', 'document-scanner'].map((name) => join(repository, 'examples', name, 'javascript'));

test('the sources have the form that prettier gives them', () => {
  execFileSync(join(here, 'node_modules/.bin/prettier'), ['--check', '.', ...examples], {
    cwd: here,
    encoding: 'utf8',
  });
});

test('no line is longer than 120 columns', () => {
  const listed = execFileSync('git', ['ls-files', '--', '*.ts', '*.js', '*.mjs', ...examples.map((e) => e + '/*.js')], {
    cwd: here,
    encoding: 'utf8',
  });
  const long = [];
  for (const file of listed.trim().split('\n')) {
    const text = readFileSync(join(here, file), 'utf8');
    if (text.includes('Generated from ')) continue;
    text.split('\n').forEach((line, i) => {
      // A published snippet stays as it is.
      if (line.length > 120 && !line.includes('dynamsoft-javascript-barcode')) long.push(`${file}:${i + 1}`);
    });
  }
  assert.deepEqual(long, []);
});
