// A real License Tracking Server for tests: `lts serve` on a free port, with a directory of its own.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const lts = process.env.LTS ?? join(repository, 'out/bin/lts');

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Polls until a condition holds, and fails after a deadline that a busy machine keeps as well. */
export async function until(condition, what, seconds = 120) {
  for (const deadline = Date.now() + seconds * 1000; ;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} seconds in vain until ${what}`);
    await sleep(20);
  }
}

export class Server {
  directory = mkdtempSync(join(tmpdir(), 'lts-js-'));
  url = '';
  #process;

  /** The fixture `standard` of conformance/scenarios.json. */
  constructor() {
    this.run('org', 'add', 'Vendor', '--id', '100001');
    this.run('handshake', 'add', 'reader', '--org', '100001', '--default');
    this.run('handshake', 'add', 'locked', '--org', '100001', '--session-password', 's3cret');
    for (const [item, code] of [
      ['scans', '100001-reader'],
      ['locked-scans', '100001-locked'],
    ]) {
      this.run(
        'item',
        'add',
        item,
        '--org',
        '100001',
        '--id',
        item,
        '--charge-way',
        'scan',
        '--quota',
        '1000000000',
        '--handshake',
        code,
      );
    }
  }

  /** Runs an administration command and gives what it prints. */
  run(...args) {
    return execFileSync(lts, [...args, '--data', join(this.directory, 'data')], {
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Starts the server, at the address it had before if it was started before. */
  async start() {
    const file = join(this.directory, 'url');
    rmSync(file, { force: true });
    const listen = this.url ? new URL(this.url).host : '127.0.0.1:0';
    this.#process = spawn(
      lts,
      ['serve', '--data', join(this.directory, 'data'), '--listen', listen, '--url-file', file],
      { stdio: 'ignore' },
    );
    const server = this.#process;
    await until(() => existsSync(file) || server.exitCode !== null, 'the server is ready');
    this.url = readFileSync(file, 'utf8').trim();
    return this;
  }

  async stop() {
    const server = this.#process;
    this.#process = undefined;
    if (!server) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await ended;
  }

  async remove() {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** What was counted, by columns. */
  counts(by = 'type') {
    const { rows } = JSON.parse(this.run('stats', '--by', by, '--json'));
    return Object.fromEntries(
      rows.map((row) => [
        by
          .split(',')
          .map((column) => row[column])
          .join(' '),
        row.count,
      ]),
    );
  }

  total() {
    return JSON.parse(this.run('stats', '--by', 'type', '--json')).total;
  }
}

/** The address of a port at which nobody listens. */
export function nobody() {
  return new Promise((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const { port } = listener.address();
      listener.close(() => resolve(`http://127.0.0.1:${port}`));
    });
  });
}
