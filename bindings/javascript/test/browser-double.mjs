// A browser of the test's own: storage, locks, a clock that the test moves and a network that it cuts.
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { License } from '../../../out/javascript/dist/openlts.mjs';

/** Web Locks, as far as the library uses them. */
export class Locks {
  held = new Map();

  request(name, options, work) {
    if (!work) [work, options] = [options, {}];
    const before = this.held.get(name) ?? Promise.resolve();
    if (this.held.has(name) && options.signal) {
      // Enough for the one lock that is waited for: whoever waits gives up.
      return new Promise((_, reject) => options.signal.addEventListener('abort', () => reject(new Error('aborted'))));
    }
    const done = before.then(() => work({ name }));
    const until = done.catch(() => undefined).then(() => this.held.get(name) === until && this.held.delete(name));
    this.held.set(name, until);
    return done;
  }

  async query() {
    return { held: Array.from(this.held.keys(), (name) => ({ name })) };
  }
}

/** Closes all licenses of all browsers. */
export async function closeAll() {
  for (const browser of browsers) for (const license of browser.licenses) await license.close(0);
}

const browsers = [];

/** One browser at one origin. Its tabs share storage and locks. */
export class Browser {
  indexedDB = new IDBFactory();
  locks = new Locks();
  skew = 0;
  /** The time by both clocks, in milliseconds since 1970, if it stands still. */
  at;
  /** Milliseconds that passed at once, by both clocks. */
  passed = 0;
  /** Milliseconds for which the computer slept: the clock that nobody can set stood still. */
  slept = 0;
  offline = false;
  licenses = [];
  requests = [];

  constructor() {
    browsers.push(this);
  }

  environment(changes = {}) {
    return {
      now: () => this.at ?? Date.now() + this.skew + this.passed,
      elapsed: () => performance.now() + (this.at === undefined ? this.passed - this.slept : this.at - Date.now()),
      fetch: (address, init) => {
        this.requests.push({ address, init });
        return this.offline ? Promise.reject(new TypeError('offline')) : fetch(address, { ...init, mode: undefined });
      },
      crypto: globalThis.crypto,
      indexedDB: this.indexedDB,
      locks: this.locks,
      window: undefined,
      host: 'shop.example.com',
      ...changes,
    };
  }

  /** Opens a tab, of another version of the library if its License is given. */
  async open(parameters, changes, Version = License) {
    const license = await Version.open(parameters, this.environment(changes));
    this.licenses.push(license);
    return license;
  }

  /** How many units are kept of the run that a tab counts in. */
  async kept(license) {
    const key = `run/${license.meter.id}`;
    const { slots = {} } = (await license.store.change([key], (unit) => unit.get(key))) ?? {};
    return Object.values(slots)
      .flatMap((counts) => Object.values(counts))
      .reduce((sum, n) => sum + n, 0);
  }

  /** A tab dies: its locks are free, and what it did not keep is gone. Nothing of it runs any more. */
  kill(license) {
    const name = 'openlts-run-' + license.meter.id;
    clearInterval(license.interval);
    clearTimeout(license.meter.timer);
    license.meter.keep = async () => undefined;
    license.store.change = license.store.entries = () => new Promise(() => undefined);
    this.locks.held.delete(name);
    this.locks.held.delete('openlts-submit'); // if it was another's, they submit side by side
    this.licenses.splice(this.licenses.indexOf(license), 1);
  }
}
