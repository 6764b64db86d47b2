import type { Environment } from './environment.js';
import { within } from './environment.js';

/** What a unit of work reads and writes: values by key. Putting undefined deletes. */
export interface Unit {
  get<T>(key: string): T | undefined;
  put(key: string, value: unknown): void;
}

type Work<T> = (unit: Unit) => T;

const database = 'openlts';
const objects = 'kv';

/** No database needs that long, unless it hangs: in some private windows it never opens. */
const patience = 5000;

/**
 * What is kept in this browser, for this origin: values by key in one table of IndexedDB. A unit of work is a
 * transaction there: it happens as a whole or not at all, and no other tab sees or changes what it reads meanwhile.
 *
 * The table never changes its form, so that tabs of different versions get along: values tell their version themselves.
 *
 * Storage that fails never fails the page. The database is opened once more, because browsers close it under load; if
 * that does not help, the work goes on in memory, beginning with what was last read and written here.
 */
export class Store {
  /** Why nothing is kept beyond this page, or undefined. */
  failure: string | undefined;

  /** Whether the database was open once, so that other pages may go by what was read there. */
  shared = false;

  private opened: Promise<IDBDatabase> | undefined;
  /** The database, once it is open. */
  private db: IDBDatabase | undefined;
  /** What this page last read and wrote. */
  private readonly memory = new Map<string, unknown>();

  constructor(private readonly env: Environment) {
    if (!env.indexedDB) this.failure = 'there is no IndexedDB here';
  }

  /**
   * Does a unit of work over the values of some keys. The work must not wait for anything, and may be done again if the
   * database had to be opened once more.
   */
  change<T>(keys: readonly string[], work: Work<T>, durability: IDBTransactionDurability = 'strict'): Promise<T> {
    return this.withDatabase(
      async (db) =>
        new Promise<T>((resolve, reject) => {
          const transaction = db.transaction(objects, 'readwrite', { durability });
          const table = transaction.objectStore(objects);
          const read = new Map<string, unknown>();
          const written = new Map<string, unknown>();
          let result: T;
          let left = keys.length;
          const perform = (): void => {
            result = work(unit((key) => read.get(key), written));
            written.forEach((value, key) => (value === undefined ? table.delete(key) : table.put(value, key)));
            // Now, not once the last answer was looked at: the page may be gone by then.
            transaction.commit?.();
          };
          for (const key of keys) {
            const request = table.get(key);
            request.onsuccess = () => {
              read.set(key, request.result);
              if (!--left) perform();
            };
          }
          if (!left) perform();
          transaction.oncomplete = () => {
            read.forEach((value, key) => this.remember(key, value));
            written.forEach((value, key) => this.remember(key, value));
            resolve(result);
          };
          transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
        }),
      () => {
        const written = new Map<string, unknown>();
        const result = work(unit((key) => this.memory.get(key), written));
        written.forEach((value, key) => this.remember(key, value));
        return result;
      },
    );
  }

  /** All values whose key begins like that, by key. */
  entries(prefix: string): Promise<Map<string, unknown>> {
    return this.withDatabase(
      async (db) =>
        new Promise((resolve, reject) => {
          const transaction = db.transaction(objects);
          const table = transaction.objectStore(objects);
          const range = IDBKeyRange.bound(prefix, prefix + '\uffff');
          const keys = table.getAllKeys(range);
          const values = table.getAll(range);
          transaction.oncomplete = () =>
            resolve(new Map(keys.result.map((key, i) => [String(key), values.result[i] as unknown])));
          transaction.onabort = () => reject(transaction.error ?? new Error('reading failed'));
        }),
      () =>
        new Map(
          Array.from(this.memory)
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, value]) => [key, structured(value)]),
        ),
    );
  }

  /** Closes the database: a page that is kept for later must not hold up others. It is opened again when needed. */
  close(): void {
    const opened = this.opened;
    this.opened = this.db = undefined;
    void opened?.then(
      (db) => db.close(),
      () => undefined,
    );
  }

  private remember(key: string, value: unknown): void {
    if (value === undefined) this.memory.delete(key);
    else this.memory.set(key, structured(value));
  }

  private async withDatabase<T>(work: (db: IDBDatabase) => Promise<T>, otherwise: () => T): Promise<T> {
    for (let tries = 2; tries && this.failure === undefined; tries--) {
      try {
        // At once, if it can be: a page that dies comes to no later moment.
        return await within(
          patience,
          this.db ? work(this.db) : this.open().then(work),
          () => new Error('IndexedDB does not answer'),
        );
      } catch (cause) {
        this.close();
        if (tries === 1) this.failure = `IndexedDB can't be used: ${(cause as Error).message || String(cause)}`;
      }
    }
    return otherwise();
  }

  private open(): Promise<IDBDatabase> {
    return (this.opened ??= new Promise((resolve, reject) => {
      const request = this.env.indexedDB!.open(database, 1);
      request.onupgradeneeded = () => {
        // It is new, or was evicted while this page lived: then what the page knows goes on, above all the device,
        // without which nobody would ever report what is counted here.
        const table = request.result.createObjectStore(objects);
        this.memory.forEach((value, key) => table.put(value, key));
      };
      request.onerror = () => reject(request.error ?? new Error('opening failed'));
      request.onsuccess = () => {
        const db = (this.db = request.result);
        this.shared = true;
        // Another version, or the browser, wants it closed.
        db.onversionchange = db.onclose = () => this.close();
        resolve(db);
      };
    }));
  }
}

function unit(read: (key: string) => unknown, written: Map<string, unknown>): Unit {
  return {
    get: <T>(key: string) => structured((written.has(key) ? written.get(key) : read(key)) as T | undefined),
    put: (key, value) => void written.set(key, value),
  };
}

/** A copy, as a database gives it: all values are plain. */
function structured<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}
