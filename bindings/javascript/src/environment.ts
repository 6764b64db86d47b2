/** What the library takes from outside: tests put clocks, networks and stores of their own here. */
export interface Environment {
  /** The clock, in milliseconds since 1970. */
  now(): number;
  /** Milliseconds by a clock that nobody can set. */
  elapsed(): number;
  fetch(address: string, init: RequestInit): Promise<Response>;
  crypto: Crypto;
  /** Undefined where there is none, as in Node.js: then everything is kept in memory. */
  indexedDB: IDBFactory | undefined;
  /** Undefined on pages of http and in browsers of before 2022. */
  locks: LockManager | undefined;
  /** What tells when a page is hidden or dies; undefined in workers. */
  window: Window | undefined;
  /** The host of the page: what a license for a domain is checked with; empty if there is none. */
  host: string;
}

/** The environment of this page, worker or process. */
export function globalEnvironment(): Environment {
  const scope = globalThis as Partial<typeof globalThis>;
  let indexedDB: IDBFactory | undefined;
  try {
    indexedDB = scope.indexedDB; // some browsers throw where storage is blocked
  } catch {
    // Then there is none.
  }
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    fetch: (address, init) => fetch(address, init),
    crypto: globalThis.crypto,
    indexedDB,
    locks: scope.navigator?.locks as LockManager | undefined,
    window: typeof scope.document === 'object' ? scope.window : undefined,
    host: scope.location?.hostname ?? '',
  };
}

/** Resolves as the work does, or rejects with what late makes once time is up. */
export function within<T>(milliseconds: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
