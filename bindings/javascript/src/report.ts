import { utf8, type Bytes } from './bytes.js';
import { receiptMAC, reportMAC, uuid } from './crypto.js';
import { Status } from './codes.js';
import type { Environment } from './environment.js';
import { errorOf, LTSError, strange } from './errors.js';
import { retention, unitsOf, type DoneRow, type Meter, type RunRow } from './meter.js';
import { frame, join, problemOf, type Answer, type Network } from './server.js';
import type { Store } from './store.js';
import type { Lifeline } from './tab.js';

/**
 * What a device's usage came to with one server, over all times, in operations; kept under `account/<lts>/<device>`.
 */
export interface Usage {
  accepted: number;
  /** Given up, because they could not be submitted within 30 days. */
  expired: number;
  /** Refused by the server for good. */
  refused: number;
}

/** What a submission came to. */
export interface Outcome {
  /** Accepted. */
  units: number;
  reports: number;
  /** Given up for their age. */
  purged: number;
  refused: { units: number; error: LTSError }[];
  items: { id: string; quota: import('./authorization.js').Quota }[];
  /** Why some reports are left. */
  failure?: LTSError;
}

/** Where a report stands in its batch. */
interface Position {
  group: number;
  report: number;
}

/** A report that is to be sent, and where it stood in the batch that was written last. */
interface Report extends Partial<Position> {
  run: RunRow;
  slot: number;
  counts: Record<string, number>;
  units: number;
  lost: boolean;
}

interface Receipt {
  batch: string;
  exceptions?: (Position & { code: number; message: string; retry?: boolean })[];
  lost?: (Position & { units: number })[];
  items?: Outcome['items'];
}

/** How much is sent at once. */
const maxReports = 2000;
const maxBody = 1 << 20;
/** Of requests that outlive their page, browsers take 64 KiB together. */
const maxKeepalive = 60000;

const lists = ['run/', 'done/'] as const;

/** Submits this device's reports to one License Tracking Server. */
export class Submitter {
  /**
   * The units up to which a report is not to be sent: all, if its submission failed, as it is not tried again until the
   * next initialization unless asked to; or those that were sent when the page was hidden.
   */
  private readonly tried = new Map<string, number>();
  /** Whether there are runs of a form that only other versions of this library know. */
  private others = false;
  private most = maxReports;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly env: Environment,
    private readonly store: Store,
    private readonly lifeline: Lifeline,
    private readonly meter: Meter,
    private readonly network: Network,
    private readonly servers: string[],
    private readonly timeout: number,
    private readonly device: string,
    private readonly lts: string,
    public key: { id: string; secret: Bytes },
    /** By what time usage gets old, in milliseconds since 1970. */
    private readonly ageing: () => number,
    /** Gets the device known to a server that does not know it; false if that is of no use now. */
    private readonly introduce: () => Promise<boolean>,
  ) {}

  /**
   * Sends what is pending, in batches: of this tab's run and of those that died. Slots that are not over only if all is
   * set; reports that failed before only if again is set.
   */
  submit(all: boolean, again: boolean): Promise<Outcome> {
    const work = this.turn.then(() =>
      this.lifeline.alone(async () => {
        const outcome = await this.submitAll(all, again);
        // What was sent held the account from before they were refused, and nobody knows when the next batch comes.
        if (outcome.refused.length) await this.tell({ account: await this.account() });
        return outcome;
      }),
    );
    this.turn = work.catch(() => undefined);
    return work;
  }

  /** Tells something by a batch without reports, for courtesy: nothing depends on it. */
  private async tell(what: object): Promise<void> {
    const { batch, body } = this.write([], 0, what);
    await this.post(batch, body, true).catch(() => undefined);
  }

  private async submitAll(all: boolean, again: boolean): Promise<Outcome> {
    const outcome = noOutcome();
    if (again) this.tried.clear();
    for (let introduced = false; ;) {
      await this.meter.keep();
      const [reports, dead] = await this.pending(all, outcome);
      if (!reports.length) return outcome;
      const { batch, body, sent } = this.write(reports.slice(0, this.most), maxBody, { account: await this.account() });
      try {
        const receipt = await this.post(batch, body);
        await this.apply(receipt, sent, outcome, dead);
      } catch (cause) {
        const failure = errorOf(cause);
        if (failure.code === Status.REQUEST_TOO_LARGE && sent.length > 1) {
          this.most = Math.ceil(sent.length / 2);
          continue;
        }
        if (failure.code === Status.REQUEST_NOT_AUTHENTICATED && !introduced && (await this.introduce())) {
          introduced = true;
          sent.forEach((report) => this.tried.delete(name(report)));
          continue;
        }
        this.fail(sent);
        outcome.failure = failure;
        return outcome;
      }
    }
  }

  private fail(reports: Report[]): void {
    reports.forEach((report) => this.tried.set(name(report), Infinity));
  }

  /** What is to be sent, oldest first, and a judge of which runs are dead. What is too old is given up. */
  private async pending(all: boolean, outcome: Outcome): Promise<[Report[], (run: RunRow) => boolean]> {
    const rows = await this.rows();
    const judge = await this.lifeline.judge(); // after the rows: whoever wrote one had its lock before
    const now = this.meter.now() / 1000;
    const reports: Report[] = [];
    for (const { run, done } of rows) {
      const own = run.id === this.meter.id;
      const dead = !own && judge(run);
      if (own ? this.meter.doubt : !dead) continue;
      for (const [start, counts] of Object.entries(run.slots)) {
        const slot = Number(start);
        const units = unitsOf(counts);
        const became = done[start] ?? { accepted: 0 };
        const report = { run, slot, counts, units, lost: !!became.lost };
        if (!became.lost && units <= became.accepted) {
          if (own) this.meter.settled(run.id, slot, units);
          else await this.sweep(run.id);
          continue;
        }
        if (!dead && !all && slot + run.length > now) continue;
        if (slot < this.ageing() / 1000 - retention && !became.lost) {
          outcome.purged += await this.giveUp(report);
          report.lost = true;
        }
        if (this.tried.get(name(report)) !== Infinity) reports.push(report);
      }
    }
    return [reports.sort((a, b) => a.slot - b.slot), (run) => run.id !== this.meter.id && judge(run)];
  }

  /** Forgets what a server has of a run that is dead. */
  private async sweep(run: string): Promise<void> {
    const [at, doneAt] = lists.map((prefix) => prefix + run) as [string, string];
    await this.store.change([at, doneAt], (unit) => {
      const row = unit.get<RunRow>(at);
      const done = unit.get<DoneRow>(doneAt);
      for (const [slot, became] of Object.entries(done ?? {})) {
        const counts = row?.slots[slot];
        if (counts && !became.lost && unitsOf(counts) <= became.accepted) delete row.slots[slot];
      }
      if (row && Object.keys(row.slots).length) return unit.put(at, row);
      unit.put(at, undefined);
      unit.put(doneAt, undefined);
    });
  }

  /** The runs of this device that are kept for this server, with what became of their reports. */
  private async rows(): Promise<{ run: RunRow; done: DoneRow }[]> {
    const [runs, done] = await Promise.all(lists.map((prefix) => this.store.entries(prefix)));
    const all = Array.from(runs!.values()) as RunRow[];
    const ours = all.filter((run) => run.device === this.device && run.lts === this.lts);
    this.others = ours.some((run) => run.v !== 1);
    return ours
      .filter((run) => run.v === 1)
      .map((run) => ({ run, done: (done!.get('done/' + run.id) ?? {}) as DoneRow }));
  }

  /** Declares a report lost that is more than 30 days old. */
  private giveUp(report: Report): Promise<number> {
    const at = 'done/' + report.run.id;
    return this.store.change([at, this.usageAt], (unit) => {
      const done = unit.get<DoneRow>(at) ?? {};
      const became = done[report.slot] ?? { accepted: 0 };
      if (became.lost) return 0;
      const usage = unit.get<Usage>(this.usageAt) ?? noUsage();
      const units = report.units - became.accepted;
      usage.expired += units;
      unit.put(at, { ...done, [report.slot]: { accepted: became.accepted, lost: true } });
      unit.put(this.usageAt, usage);
      return units;
    });
  }

  private get usageAt(): string {
    return `account/${this.lts}/${this.device}`;
  }

  /** Recorded = accepted + pending + lost, of this device with this server. */
  async usage(): Promise<Usage & { recorded: number; pending: number; lost: number; own: number }> {
    await this.meter.keep();
    const rows = await this.rows();
    const usage =
      (await this.store.change([this.usageAt], (unit) => unit.get<Usage>(this.usageAt), 'relaxed')) ?? noUsage();
    let pending = 0;
    let own = 0; // of it, what this tab counted
    for (const { run, done } of rows) {
      for (const [slot, counts] of Object.entries(run.slots)) {
        const left = done[slot]?.lost ? 0 : unitsOf(counts) - (done[slot]?.accepted ?? 0);
        pending += left;
        if (run.id === this.meter.id) own += left;
      }
    }
    const lost = usage.expired + usage.refused;
    return { ...usage, own, pending, lost, recorded: usage.accepted + pending + lost };
  }

  /**
   * What a batch tells of this device's usage over all times. A page whose storage failed does not know what others
   * count for the device, nor do they learn what it counts; and what tabs of a later version count it can't read. Then
   * it tells nothing, lest the device seems to be a copy.
   */
  private async account(): Promise<object | undefined> {
    const { recorded, expired, refused } = await this.usage();
    if (this.others || (this.store.shared && this.store.failure !== undefined)) return undefined;
    return { recorded, expired, refused, storage: 0 };
  }

  /** A batch of the first reports, as many as fit in so many bytes, and of what else is to be told. */
  private write(reports: Report[], size: number, more?: object): { batch: string; body: string; sent: Report[] } {
    const batch = uuid(this.env);
    for (let n = reports.length; ; n = Math.floor(n / 2)) {
      const sent = reports.slice(0, n);
      const groups: { run: string; reports: object[]; [field: string]: unknown }[] = [];
      for (const report of sent) {
        const { id, handshakeCode, item, length } = report.run;
        report.group = groups.findIndex(({ run }) => run === id);
        if (report.group < 0) {
          report.group = groups.push({ run: id, handshakeCode, item, slotSeconds: length, reports: [] }) - 1;
        }
        const { slot, counts, units, lost } = report;
        // Counts only grow, so their sum is a revision that rises with them.
        const written = { slot, revision: units, counts, lost: lost ? 'expired' : undefined };
        report.report = groups[report.group]!.reports.push(written) - 1;
      }
      const body = JSON.stringify({
        protocol: 1,
        batch,
        device: this.device,
        sentAt: Math.floor(this.meter.now() / 1000),
        groups,
        ...more,
      });
      if (n <= 1 || utf8(body).length <= size) return { batch, body, sent };
    }
  }

  /** Sends a batch to the first server that takes it, and verifies the receipt. */
  private async post(batch: string, body: string, keepalive = false): Promise<Receipt> {
    const failures: LTSError[] = [];
    for (const server of this.servers) {
      try {
        return this.receipt(
          server,
          batch,
          body,
          await this.network.post(server, this.lts, '/v1/reports', this.first(body), body, this.timeout, keepalive),
        );
      } catch (cause) {
        const failure = errorOf(cause);
        failures.push(failure);
        this.network.shown.delete(server); // the address may be another server's by now
        // The standby holds what the main holds: what the main decided stands.
        if (isFinal(failure.code)) break;
      }
    }
    const final = failures.find((f) => isFinal(f.code));
    throw final ?? join(failures);
  }

  private first(body: string): string {
    return `${frame} ${this.key.id} ${reportMAC(this.key.secret, body)}`;
  }

  /** A success without a valid receipt is none: a captive portal answers 200, too. */
  private receipt(server: string, batch: string, body: string, answer: Answer): Receipt {
    const problem = problemOf(answer);
    if (problem) throw new LTSError(problem.code, problem.detail, problem.title);
    const receipt = answer.json as unknown as Receipt;
    if (answer.mac !== receiptMAC(this.key.secret, body, answer.body) || receipt.batch !== batch) {
      throw strange(`${server} answered without a valid receipt; all is kept`);
    }
    return receipt;
  }

  /** Does what a receipt says: what is confirmed leaves, what is refused is lost, the rest stays. */
  private async apply(
    receipt: Receipt,
    sent: Report[],
    outcome: Outcome,
    dead: (run: RunRow) => boolean,
  ): Promise<void> {
    const keys = new Set<string>([this.usageAt]);
    sent.forEach(({ run }) => lists.forEach((prefix) => keys.add(prefix + run.id)));
    const came = await this.store.change(Array.from(keys), (unit) => {
      const result = {
        units: 0,
        refused: [] as Outcome['refused'],
        retry: [] as { report: Report; error: LTSError }[],
      };
      const usage = unit.get<Usage>(this.usageAt) ?? noUsage();
      sent.forEach((report) => {
        const { run, slot, units } = report;
        const done = unit.get<DoneRow>('done/' + run.id) ?? {};
        const became = done[slot] ?? { accepted: 0 };
        const fresh = Math.max(0, units - became.accepted);
        const here = (e: Position): boolean => e.group === report.group && e.report === report.report;
        const exception = receipt.exceptions?.find(here);
        const error = exception && new LTSError(Number(exception.code), String(exception.message));
        if (exception?.retry) {
          result.retry.push({ report, error: error! });
          return;
        }
        const row = unit.get<RunRow>('run/' + run.id);
        if (!row?.slots[slot]) return; // another tab was faster
        if (report.lost) {
          // It was counted as lost when it was given up; the server tells what it has of it.
          const lost = error ? fresh : Math.min(fresh, Number(receipt.lost?.find(here)?.units ?? 0));
          usage.expired -= fresh - lost;
          usage.accepted += fresh - lost;
        } else if (error) {
          usage.refused += fresh;
          result.refused.push({ units: fresh, error });
        } else {
          usage.accepted += fresh;
          result.units += fresh;
        }
        done[slot] = { accepted: Math.max(became.accepted, units) };
        if (dead(run) && unitsOf(row.slots[slot]) <= done[slot].accepted) delete row.slots[slot];
        // Of slots that are gone, nothing needs to be known.
        for (const start of Object.keys(done)) if (!row.slots[start]) delete done[start];
        if (dead(run)) unit.put('run/' + run.id, Object.keys(row.slots).length ? row : undefined);
        unit.put('done/' + run.id, Object.keys(done).length ? done : undefined);
      });
      unit.put(this.usageAt, usage);
      return result;
    });
    const kept = new Set(came.retry.map(({ report }) => report));
    sent.forEach((report) => kept.has(report) || this.meter.settled(report.run.id, report.slot, report.units));
    outcome.units += came.units;
    outcome.reports += sent.length - kept.size;
    outcome.refused.push(...came.refused);
    outcome.items = receipt.items ?? [];
    if (came.retry[0]) {
      this.fail(came.retry.map(({ report }) => report));
      throw came.retry[0].error;
    }
  }

  /** Gives a seat back that lasts as long as the license, or the device. */
  async giveBack(): Promise<void> {
    const { id, account } = this.meter;
    const { handshakeCode, item } = account;
    if (await this.lifeline.last(id)) await this.tell({ closed: [{ handshakeCode, item }] });
  }

  /**
   * Sends what this tab counted by a request that outlives the page. What comes of it nobody may ever learn: all
   * stays kept until there is a receipt.
   */
  hide(): void {
    const { id, account, slotSeconds } = this.meter;
    const run: RunRow = { v: 1, id, ...account, length: slotSeconds, at: 0, slots: {} };
    const reports: Report[] = [];
    for (const [start, counts] of Object.entries(this.meter.counted())) {
      const report = { run, slot: Number(start), counts, units: unitsOf(counts), lost: false };
      if (!(this.tried.get(name(report))! >= report.units)) reports.push(report);
    }
    if (!reports.length || this.meter.doubt) return;
    reports.sort((a, b) => a.slot - b.slot);
    const { batch, body, sent } = this.write(reports, maxKeepalive);
    sent.forEach((report) => this.tried.set(name(report), report.units));
    this.post(batch, body, true)
      .then(async (receipt) => {
        await this.meter.keep();
        await this.apply(receipt, sent, noOutcome(), () => false);
      })
      .catch(() => sent.forEach((report) => this.tried.delete(name(report))));
  }
}

/** Nothing came of it so far. */
export function noOutcome(): Outcome {
  return { units: 0, reports: 0, purged: 0, refused: [], items: [] };
}

function noUsage(): Usage {
  return { accepted: 0, expired: 0, refused: 0 };
}

function name({ run, slot }: Report): string {
  return run.id + '/' + slot;
}

/** Whether an error that answers reports stands for all servers. */
function isFinal(code: number): boolean {
  const others: number[] = [
    Status.STANDBY_REFUSES,
    Status.SERVER_FAILED,
    Status.REQUEST_RATE_LIMITED,
    Status.NOT_FOUND,
    Status.METHOD_NOT_ALLOWED,
  ];
  return code <= -20100 && code > -20200 && !others.includes(code);
}
