import { uuid } from './crypto.js';
import { operationTypes, Status } from './codes.js';
import type { Environment } from './environment.js';
import { invalid, LTSError } from './errors.js';
import type { Store } from './store.js';
import type { Lifeline } from './tab.js';

/** What a run counts on. */
export interface Account {
  device: string;
  /** The id of the signing key of the server that reports go to. */
  lts: string;
  handshakeCode: string;
  item: string;
}

/** Counts by operation type, by the start of the slot. They only grow. */
export type Slots = Record<string, Record<string, number>>;

/** A run as it is kept, under `run/<id>`. Only its own tab writes it, until it is dead. */
export interface RunRow extends Account {
  v: 1;
  id: string;
  /** The length of its slots, in seconds. */
  length: number;
  /** The last sign of life, in milliseconds since 1970. */
  at: number;
  /** Nothing will be counted any more. */
  closed?: boolean;
  slots: Slots;
}

/**
 * What became of a run's reports, under `done/<id>`, by the start of the slot. Only who submits writes it, so that it
 * can't be overwritten by counts that come in meanwhile.
 */
export type DoneRow = Record<string, Done>;

export interface Done {
  /** How many units the server has. */
  accepted: number;
  /** What it does not have was given up, and that is to be declared. */
  lost?: boolean;
}

interface Cell {
  n: number;
}

/** How often counts are kept, in milliseconds: what is younger dies with a tab that is killed. */
const keepEvery = 1000;

/** By how many milliseconds a clock is wrong if what is counted by it has to move. */
const farOff = 86400_000;

/** How many calls in one go read the clock for each of them. */
const burst = 64;

export const retention = 30 * 86400;

export function unitsOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}

/** The start of the slot in which a moment lies, which is given in milliseconds. */
function startOf(moment: number, length: number): number {
  return Math.floor(moment / 1000 / length) * length;
}

/** One set of counters: what this tab counts on one account. */
class Run {
  readonly id: string;
  slots = new Map<number, Map<string, Cell>>();
  /** Units that were kept, by slot. */
  readonly kept = new Map<number, number>();
  /** Slots before this one are over: what is counted in them belongs to another run. */
  floor = -Infinity;
  dirty = false;
  closed = false;
  /** When it was kept last, in milliseconds since 1970, or first was to be; 0: never. */
  keptAt = 0;
  readonly held: Promise<() => void>;
  /** Frees the lock; undefined until it is held. */
  free: (() => void) | undefined;

  constructor(
    env: Environment,
    lifeline: Lifeline,
    readonly account: Account,
  ) {
    this.id = uuid(env);
    this.held = lifeline.hold(this.id).then((free) => (this.free = free));
  }

  cell(slot: number, type: string): Cell {
    let cells = this.slots.get(slot);
    if (!cells) this.slots.set(slot, (cells = new Map()));
    let cell = cells.get(type);
    if (!cell) cells.set(type, (cell = { n: 0 }));
    return cell;
  }

  /** Moves what was counted so far to slots that are earlier by so many milliseconds. */
  move(by: number, length: number): void {
    this.slots = new Map(Array.from(this.slots, ([slot, cells]) => [startOf(slot * 1000 - by, length), cells]));
    this.kept.clear();
    this.dirty = true;
  }

  /** What was counted so far. */
  counted(): Slots {
    const slots: Slots = {};
    this.slots.forEach((cells, slot) => {
      const counts: Record<string, number> = {};
      cells.forEach((cell, type) => cell.n && (counts[type] = cell.n));
      if (unitsOf(counts)) slots[slot] = counts;
    });
    return slots;
  }
}

/**
 * Counts operations in memory, and keeps the counts each second while there is something new, and whenever the page
 * may be about to die.
 */
export class Meter {
  private run: Run;
  /** Runs that nothing is counted in any more, and that are not kept to their end yet. */
  private readonly retired: Run[] = [];
  private readonly types = new Set<string>(operationTypes.split(' '));
  private timer: ReturnType<typeof setTimeout> | undefined;
  private keeping: Promise<void> = Promise.resolve();
  private closed = false;
  /** By how many milliseconds what is counted lies before what our clock shows: 0, or by how much that is wrong. */
  private ahead: number;
  /** How far our clock would be ahead if it was set, and did not just go on while the computer slept; 0: no doubt. */
  doubt = 0;

  // The fast path: the counter that was counted in last, and how many calls may go by before the clock is read again.
  private type = '';
  private cell: Cell = { n: 0 };
  private left = 0;
  /** Calls in one go, without a pause. */
  private calls = 0;
  private granted = 0;
  private readAt = 0;
  private inOneGo = false;

  constructor(
    private readonly env: Environment,
    private readonly store: Store,
    private readonly lifeline: Lifeline,
    readonly slotSeconds: number,
    account: Account,
    /** What the server's clock shows, in milliseconds, as far as the clock tells that nobody can set. */
    private readonly time: () => number,
    /** By how many milliseconds our clock is ahead of the server's, as was last known. */
    private off: number,
  ) {
    this.run = new Run(env, lifeline, account);
    this.ahead = beyond(off);
  }

  /** The time by which operations are counted, in milliseconds: our clock's, or the server's if that is far off. */
  now(): number {
    return this.env.now() - this.ahead;
  }

  /**
   * Looks whether our clock was set by a day or more, or is wrong by so much as a server tells now. Then what is
   * counted from now on belongs to another run, and to the slots of the server's time.
   *
   * A clock that went ahead may have done so while the computer slept, and the one that nobody can set stood still.
   * That is in doubt until a server tells, or somebody sets the clock back. Until then what is counted goes by our
   * clock and is not sent, so that it can still move.
   */
  follow(told = false): void {
    const off = this.env.now() - this.time();
    const { doubt } = this;
    const set = Math.abs(off - (doubt || this.off)) >= farOff;
    const known = told || off < this.off + farOff || !beyond(off);
    if (!(told || set || (doubt && known))) return;
    const wrong = beyond(told ? off : doubt) - this.ahead;
    if (doubt && known && wrong && this.env.locks && !this.run.closed) this.run.move(wrong, this.slotSeconds);
    if (doubt || set) this.begin(this.run.account);
    this.doubt = known ? 0 : off;
    if (known) {
      this.off = off;
      this.ahead = beyond(off);
    }
  }

  /** The id of the run that is counted in now. */
  get id(): string {
    return this.run.id;
  }

  /** What the current run counted so far, kept or not. */
  counted(): Slots {
    return this.run.counted();
  }

  get account(): Account {
    return this.run.account;
  }

  defineType(name: string): void {
    if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(name)) {
      throw invalid(`an operation type is 1 to 64 characters out of A-Z, 0-9 and _`);
    }
    if (!this.types.has(name) && this.types.size >= 256)
      throw new LTSError(Status.TOO_MANY, 'there are 256 operation types');
    this.types.add(name);
  }

  /**
   * Counts operations in the slot of this moment.
   *
   * Reading the clock costs thirty times as much as counting. So in a burst, with less than a
   * millisecond between calls, only the first 64 calls read it each time. After that, a reading is
   * valid for as many further calls as 1/64 of those that the burst has made so far.
   */
  record(type: string, n: number): void {
    if (type === this.type && n >>> 0 === n && --this.left >= 0) this.cell.n += n;
    else this.recordSlowly(type, n);
  }

  private recordSlowly(type: string, n: number): void {
    this.check(type, n);
    const now = this.env.now();
    if (Math.abs(now - this.readAt) >= farOff) this.follow();
    this.calls = this.inOneGo && now - this.readAt <= 1 ? this.calls + this.granted - Math.max(0, this.left) + 1 : 0;
    this.readAt = now;
    if (!this.inOneGo) {
      this.inOneGo = true;
      void Promise.resolve().then(() => {
        this.inOneGo = false;
        this.left = 0;
      });
    }
    this.cell = this.cellAt(now, type);
    this.cell.n += n;
    this.type = type;
    this.left = this.granted = Math.min(1024, Math.floor(this.calls / burst));
    this.dirty();
  }

  /** Counts operations in the slot of another moment, in milliseconds since 1970; they are kept when it resolves. */
  async recordAt(type: string, n: number, time: number): Promise<void> {
    this.check(type, n);
    const now = this.env.now();
    if (!(time <= now && time >= now - retention * 1000)) {
      throw new LTSError(Status.TIME_OUT_OF_RANGE, 'the time is in the future or more than 30 days back');
    }
    this.cellAt(time, type).n += n;
    this.left = 0;
    this.dirty();
    await this.keep();
  }

  private check(type: string, n: number): void {
    if (this.closed) throw new LTSError(Status.INVALID_HANDLE, 'The license was closed.');
    if (!Number.isSafeInteger(n) || n < 0) throw invalid(`${String(n)} is no number of operations`);
    if (!this.types.has(type)) {
      throw new LTSError(
        Status.UNKNOWN_OPERATION_TYPE,
        `The operation type ${String(type).slice(0, 80)} is not defined; see defineOperationType.`,
      );
    }
  }

  private cellAt(milliseconds: number, type: string): Cell {
    const slot = startOf(milliseconds - this.ahead, this.slotSeconds);
    // A slot that is over comes again if the clock is set back, or for a time stamp of long ago; and a page that
    // seemed to die may go on.
    if (slot < this.run.floor || this.run.closed) this.begin(this.run.account);
    return this.run.cell(slot, type);
  }

  private dirty(): void {
    this.run.dirty = true;
    // A second after what was kept last, so at once after a pause: many tabs don't live for another second. A clock that
    // was set makes nobody wait for longer.
    const wait = this.run.keptAt + keepEvery - this.env.now();
    this.timer ??= setTimeout(() => void this.keep('relaxed'), Math.max(0, Math.min(keepEvery, wait)));
  }

  /** Begins another run: for another account, or because this one's tab was taken for dead. */
  begin(account: Account): void {
    this.run.closed = this.run.dirty = true;
    this.retired.push(this.run);
    this.run = new Run(this.env, this.lifeline, account);
    this.left = 0;
    this.dirty();
  }

  /** Keeps what is new. It resolves when that was kept, in memory if there is nothing better, and never rejects. */
  keep(durability: IDBTransactionDurability = 'strict'): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.left = 0; // the next call makes it dirty again
    const runs = [...this.retired, this.run].filter((run) => run.dirty);
    return (this.keeping = Promise.all([this.keeping, ...runs.map((run) => this.write(run, durability))]).then(
      () => undefined,
    ));
  }

  private async write(run: Run, durability: IDBTransactionDurability): Promise<void> {
    // A page that dies comes to no later moment: what can be done now, is done now.
    const free = run.free ?? (await run.held);
    run.dirty = false;
    const at = 'run/' + run.id;
    const done = 'done/' + run.id;
    const now = this.env.now();
    // Without locks, or after a long sleep, others may have taken this run for dead and reported it: then all that was
    // kept is with the server.
    const alone = !run.keptAt || now - run.keptAt < 2000 * this.slotSeconds;
    // From now on: a page can be frozen before it learns that this was kept, and others see it all the same.
    run.keptAt ||= now;
    const slots = await this.store.change(
      alone ? [] : [at],
      (unit) => {
        const counted = run.counted();
        const row: RunRow = { v: 1, id: run.id, ...run.account, length: this.slotSeconds, at: now, slots: counted };
        if (run.closed) row.closed = true;
        if (!alone && run.kept.size && !unit.get(at)) {
          const settled: DoneRow = {};
          run.kept.forEach((units, slot) => counted[slot] && (settled[slot] = { accepted: units }));
          unit.put(done, settled);
        }
        const any = Object.keys(counted).length > 0;
        unit.put(at, any ? row : undefined);
        if (!any) unit.put(done, undefined);
        return counted;
      },
      durability,
    );
    run.keptAt = now;
    for (const slot of Object.keys(slots)) run.kept.set(Number(slot), unitsOf(slots[slot]!));
    if (run.closed && !run.dirty) {
      free();
      const i = this.retired.indexOf(run);
      if (i >= 0) this.retired.splice(i, 1);
    }
  }

  /**
   * Takes note that a server has units of a slot of the current run. A slot that is over, and all there, is
   * forgotten.
   */
  settled(run: string, slot: number, units: number): void {
    const over = !this.run.closed && slot + this.slotSeconds <= this.now() / 1000;
    const cells = this.run.id === run && over ? this.run.slots.get(slot) : undefined;
    if (!cells) return;
    let counted = 0;
    cells.forEach((cell) => (counted += cell.n));
    if (counted > units) return;
    this.run.slots.delete(slot);
    this.run.kept.delete(slot);
    this.run.floor = Math.max(this.run.floor, slot + this.slotSeconds);
    this.left = 0;
    this.dirty();
  }

  /**
   * Gives a sign of life, for those who have no locks to go by. If this tab slept for so long that they took its run
   * for dead, it goes on as another one.
   */
  beat(): void {
    const { keptAt, kept } = this.run;
    if (this.env.locks || !keptAt) return;
    if (this.env.now() - keptAt > 3000 * this.slotSeconds) this.begin(this.account);
    else if (kept.size) this.dirty();
  }

  /** Keeps all, and lets others report the current run at once: the page is about to die, or to be kept for later. */
  async letGo(): Promise<void> {
    const { run } = this;
    this.doubt = 0;
    // Once it was closed, and kept, it is whoever's takes it up: what they deleted must not come back.
    run.closed ||= run.dirty = true;
    const kept = this.keep();
    (await run.held)();
    await kept;
  }

  /** Ends the counting; keep has to be called once more. */
  close(): void {
    this.closed = true;
    this.left = this.doubt = 0;
    this.run.closed = this.run.dirty = true;
  }
}

/** By how much a clock is wrong, if that matters, else 0. */
function beyond(off: number): number {
  return Math.abs(off) < farOff ? 0 : off;
}
