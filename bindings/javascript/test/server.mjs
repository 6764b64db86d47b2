// Servers to test against, and the code that documents show: both by conformance/testbed, which says what it does.
import { execFileSync, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const repository = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const lts = process.env.LTS ?? join(repository, 'out/bin/lts');
const testbed = join(repository, 'out/bin/testbed');

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

/** A server with the fixture `standard` of conformance/scenarios.json. Each has a testbed of its own. */
export class Server {
  url = '';
  #testbed = spawn(testbed, [lts], { stdio: ['pipe', 'pipe', 'inherit'] });
  #answers = createInterface({ input: this.#testbed.stdout })[Symbol.asyncIterator]();
  #turn = Promise.resolve();
  #number;

  /** The result of a request; requests are answered in order. */
  #ask(request) {
    const answered = this.#turn.then(async () => {
      this.#testbed.stdin.write(`${JSON.stringify({ server: this.#number, ...request })}\n`);
      const { value, done } = await this.#answers.next();
      if (done) throw new Error('the testbed has ended');
      const { result, error } = JSON.parse(value);
      if (error) throw new Error(error);
      return result;
    });
    this.#turn = answered.catch(() => undefined);
    return answered;
  }

  /** Starts the server, at the address it had before if it was started before. */
  async start() {
    this.#number ??= await this.#ask({ do: 'make' });
    this.url = await this.#ask({ do: 'start' });
    return this;
  }

  async stop() {
    await this.#ask({ do: 'stop' });
  }

  /** Ends the server, and the testbed, which removes its files. */
  async remove() {
    const ended = new Promise((resolve) => this.#testbed.once('exit', resolve));
    this.#testbed.stdin.end();
    await ended;
  }

  /** Runs an administration command and gives what it prints. */
  run(...args) {
    return this.#ask({ do: 'run', arguments: args });
  }

  /** What was counted, by columns. */
  counts(by = 'type') {
    return this.#ask({ do: 'counts', by });
  }

  total() {
    return this.#ask({ do: 'total' });
  }

  /** The address of a port at which nobody listens as long as this server is not removed. */
  nobody() {
    return this.#ask({ do: 'unreachable' });
  }
}

/** The blocks of code of a page in a language. */
export function codeBlocks(page, language) {
  const printed = execFileSync(testbed, ['blocks', page, language], { encoding: 'utf8' });
  return JSON.parse(printed).map((block) => block.code);
}
