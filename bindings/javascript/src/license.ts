import { Authorizer, day, endOf, identify, type Device, type Grant, type Quota } from './authorization.js';
import { Flag, Kind, Status } from './codes.js';
import type { OperationType } from './definitions.js';
import { globalEnvironment, within, type Environment } from './environment.js';
import { errorOf, LTSError } from './errors.js';
import { Meter, type Account } from './meter.js';
import { check, type Checked, type LicenseParameters } from './parameters.js';
import { noOutcome, Submitter, type Outcome } from './report.js';
import { Network } from './server.js';
import { Store } from './store.js';
import { Lifeline } from './tab.js';

/** Something that happened to a license. */
export interface LicenseEvent {
  // generated: event
  /** The kind of event (EventKind). */
  kind: number;
  /** The result (StatusCode). */
  statusCode: number;
  /** The state of the license after the event, flags combined (StateFlag bits). */
  stateFlags: number;
  /** When it happened. */
  time: Date;
  /** Units concerned, or 0. */
  units: number;
  /** What happened, for people. */
  message: string;
  // generated: end
}

/** What is known of a license. Usage is in operations. */
export interface LicenseInfo {
  // generated: info
  /** The state of the license, flags combined (StateFlag bits). */
  stateFlags: number;
  /** Of the latest authorization: OK, or LICENSE_CACHE_USED with the reason in statusMessage (StatusCode). */
  statusCode: number;
  /** Of the license item (ChargeWay). */
  chargeWay: number;
  /** Length of a time slot. */
  slotSeconds: number;
  /** When the server granted the authorization. */
  authorizedAt: Date;
  /** When the license itself ends. */
  validUntil: Date;
  /** Until when it may be used without the server. */
  bufferUntil: Date;
  /** Units the license item allows; undefined: not limited. */
  quotaLimit: number | undefined;
  /** As last heard from the server. */
  quotaUsed: number;
  /** That the license item permits; none if all are (LicenseModule values). */
  modules: number[];
  /** Units recorded in this browser, for this origin; always: recorded = accepted + pending + lost. */
  recorded: number;
  /** Accepted by the server, with a verified receipt. */
  accepted: number;
  /** Kept here, not accepted yet. */
  pending: number;
  /** Lost and declared: the sum of the following. */
  lost: number;
  /** Not submitted within 30 days. */
  lostExpired: number;
  /** Refused by the server. */
  lostRefused: number;
  /** The client UUID. */
  deviceUUID: string;
  /** The id of this opening of the license, as the server knows it. */
  runUUID: string;
  /** The handshake code in use. */
  handshakeCode: string;
  /** The organization it belongs to. */
  organizationID: string;
  /** The license item that usage counts on. */
  itemID: string;
  /** Belongs to statusCode. */
  statusMessage: string;
  // generated: end
  trial: boolean;
  /** Where usage is kept: in memory it dies with the page. */
  storage: 'indexeddb' | 'memory';
  /** Why it is kept in memory, or empty. */
  storageFailure: string;
}

/** The flags that an authorization decides. */
const grantFlags =
  Flag.CACHE_USED |
  Flag.STANDBY_USED |
  Flag.TRIAL |
  Flag.EXPIRED_IN_TOLERANCE |
  Flag.AUTHORIZATION_LAPSED |
  Flag.CLOCK_ANOMALY;

/**
 * The charge ways whose seats last as long as a license is in use: CONCURRENT_DEVICE_COUNT,
 * CONCURRENT_INSTANCE_COUNT.
 */
const concurrent = [3, 10];

const quotaFlags = Flag.QUOTA_IN_TOLERANCE | Flag.QUOTA_EXHAUSTED;

// How often, in milliseconds, a license asks anew: once a day, or soon if no server was reached.
const renewEvery = 24 * 3600_000;
const retryEvery = 3600_000;
const introduceAfter = 60_000;

/** A license in use. */
export class License {
  private readonly listeners = new Set<(event: LicenseEvent) => void>();
  private flags = 0;
  private due = 0;
  private introduceAt = 0;
  private introduceWait = introduceAfter;
  private interval: ReturnType<typeof setInterval> | undefined;
  private closing: Promise<number> | undefined;
  private readonly undo: (() => void)[] = [];

  /** @internal */
  constructor(
    private readonly env: Environment,
    private readonly p: Checked,
    private readonly store: Store,
    private readonly device: Device,
    private readonly authorizer: Authorizer,
    private grant: Grant,
    private readonly meter: Meter,
    private readonly submitter: Submitter,
  ) {
    this.take(grant);
    this.due = env.elapsed() + this.wait(grant.cached);
    // Slots may be longer; the anchor moves at least once an hour.
    const interval = setInterval(() => void this.tick(), Math.min(p.slotSeconds * 1000, retryEvery));
    this.interval = interval;
    // A program of Node.js may end while a license is open.
    (interval as { unref?: () => void }).unref?.();
    this.watchPage();
  }

  /** @internal */
  static async open(parameters: LicenseParameters, env: Environment): Promise<License> {
    const p = check(parameters, env);
    const store = new Store(env);
    if (p.persistStorage) void env.window?.navigator.storage?.persist().catch(() => false);
    const device = await identify(env, store, p.deviceUUID);
    const network = new Network(env);
    const authorizer = new Authorizer(env, store, p, device, network);
    const grant = await authorizer.authorize();
    const lifeline = new Lifeline(env);
    const time = (): number => license.grant.epoch + env.elapsed();
    const off = (grant.time.wall - grant.time.server) * 1000;
    const meter = new Meter(env, store, lifeline, p.slotSeconds, accountOf(grant, device), time, off);
    const key = { id: grant.authorization.reportKey.id, secret: grant.secret };
    const submitter: Submitter = new Submitter(
      env,
      store,
      lifeline,
      meter,
      network,
      p.servers,
      p.requestTimeout,
      device.uuid,
      grant.lts,
      key,
      // Our clock's or the server's, whichever is behind: no wrong clock makes anything be given up early.
      () => Math.min(meter.now(), time()),
      () => license.introduce(),
    );
    const license = new License(env, p, store, device, authorizer, grant, meter, submitter);
    // What earlier sessions left over.
    void license.report(false, false);
    return license;
  }

  /**
   * Records operations that succeeded, such as barcodes read. It costs about what a function call does.
   *
   * @param type - an operation type, or one that was defined
   * @param count - how many
   */
  record(type: OperationType | (string & {}), count = 1): void {
    this.meter.record(type, count);
  }

  /** Records operations done at another time, up to 30 days back. They are kept in the browser when it resolves. */
  async recordAt(type: OperationType | (string & {}), count: number, time: Date | number): Promise<void> {
    await this.meter.recordAt(type, count, Number(time));
  }

  /** Defines an operation type that OperationType does not list: 1 to 64 characters out of A-Z, 0-9 and _. */
  defineOperationType(name: string): void {
    this.meter.defineType(name);
  }

  /**
   * Submits everything recorded so far, now, and tries also reports that failed before. It rejects with an LTSError if
   * anything is left, which is kept and submitted later.
   */
  async submit(): Promise<void> {
    const outcome = await this.report(true, true);
    if (outcome.failure) throw outcome.failure;
  }

  /** What is known of the license now. */
  async info(): Promise<LicenseInfo> {
    const { grant, submitter } = this;
    const a = grant.authorization;
    const usage = await submitter.usage();
    this.noteStore();
    // A moment by the server's clock is told by ours.
    const date = (seconds: number): Date => new Date((seconds + grant.time.wall - grant.time.server) * 1000);
    return {
      stateFlags: this.flags,
      statusCode: grant.cached ? Status.LICENSE_CACHE_USED : Status.OK,
      statusMessage: grant.cached?.message ?? '',
      handshakeCode: a.handshakeCode,
      organizationID: a.organizationID,
      itemID: a.item.id,
      chargeWay: a.item.chargeWay,
      modules: a.item.modules ?? [],
      trial: !!a.trial,
      authorizedAt: date(a.issuedAt),
      validUntil: date(a.validUntil),
      bufferUntil: date(endOf(a)),
      quotaLimit: a.quota.limit < 0 ? undefined : a.quota.limit,
      quotaUsed: a.quota.used,
      recorded: usage.recorded,
      accepted: usage.accepted,
      pending: usage.pending,
      lost: usage.lost,
      lostExpired: usage.expired,
      lostRefused: usage.refused,
      deviceUUID: this.device.uuid,
      runUUID: this.meter.id,
      slotSeconds: this.p.slotSeconds,
      storage: this.store.failure === undefined ? 'indexeddb' : 'memory',
      storageFailure: this.store.failure ?? '',
    };
  }

  /** Calls a function at each event, until the function that it gives is called. */
  onEvent(listener: (event: LicenseEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /**
   * Ends metering: submits what was recorded. It resolves to OK, or to REPORTS_PENDING or DEADLINE_EXCEEDED if
   * reports are left: they stay in the browser for the next start. Closing again does nothing.
   *
   * @param timeout - how long it may take, in milliseconds; with 0 it does not use the network
   */
  close(timeout = 3000): Promise<number> {
    return (this.closing ??= this.end(timeout));
  }

  private async end(timeout: number): Promise<number> {
    clearInterval(this.interval);
    this.undo.forEach((undo) => undo());
    this.meter.close();
    await this.meter.keep();
    let status: number = Status.OK;
    if (timeout > 0) {
      try {
        const late = (): Error =>
          new LTSError(Status.DEADLINE_EXCEEDED, 'The deadline passed; what was not sent is kept.');
        const last = this.report(true, false).then(async (outcome) => {
          const ends = this.device.source === 'memory' || concurrent.includes(this.grant.authorization.item.chargeWay);
          if (ends && !outcome.failure) await this.submitter.giveBack();
          return outcome;
        });
        if ((await within(timeout, last, late)).failure) status = Status.REPORTS_PENDING;
      } catch (cause) {
        status = errorOf(cause).code;
      }
    }
    if (status === Status.OK && (await this.submitter.usage()).own) status = Status.REPORTS_PENDING;
    await this.meter.keep();
    await this.meter.letGo();
    this.store.close();
    return status;
  }

  /** Submits, and tells what came of it. */
  private async report(all: boolean, again: boolean): Promise<Outcome> {
    let outcome: Outcome;
    this.meter.follow();
    const doubt = this.meter.doubt ? await this.renew() : undefined;
    // Whoever answers that the license is no longer granted, or is no server, will not tell the time either.
    if (doubt && doubt.code !== Status.FAILED_TO_REACH_LTS) this.meter.doubt = 0;
    try {
      outcome = await this.submitter.submit(all, again);
      if (this.meter.doubt) outcome.failure ??= doubt;
    } catch (cause) {
      outcome = { ...noOutcome(), failure: errorOf(cause) };
    }
    this.noteStore();
    if (outcome.purged) {
      this.set(Flag.USAGE_LOST, true);
      this.tell(Kind.REPORTS_PURGED, Status.OK, outcome.purged, 'reports older than 30 days were given up');
    }
    for (const { units, error } of outcome.refused) {
      this.set(Flag.USAGE_LOST, true);
      this.tell(Kind.REPORT_REFUSED, error.code, units, error.message);
    }
    this.set(Flag.REPORTS_PENDING, !!outcome.failure);
    for (const item of outcome.items) {
      if (item.id === this.grant.authorization.item.id) this.noteQuota(item.quota);
    }
    if (outcome.units) this.tell(Kind.SUBMITTED, Status.OK, outcome.units, `${outcome.reports} reports were accepted`);
    if (outcome.failure) this.tell(Kind.SUBMIT_FAILED, outcome.failure.code, 0, outcome.failure.message);
    else this.introduceWait = introduceAfter;
    return outcome;
  }

  private async tick(): Promise<void> {
    this.meter.beat();
    const { grant, env } = this;
    const time = this.keepTime();
    const back = time.wall < grant.time.wall - 60;
    if (!this.meter.doubt) grant.time = time;
    if (back || env.elapsed() >= this.due) await this.renew();
    if (back) this.set(Flag.CLOCK_ANOMALY, true);
    if (grant === this.grant && time.server > endOf(grant.authorization) && !this.has(Flag.AUTHORIZATION_LAPSED)) {
      this.set(Flag.AUTHORIZATION_LAPSED, true);
      this.say(
        `the authorization ended on ${day(endOf(grant.authorization))}; ` +
          'recording goes on; the next start needs the server',
        Status.FAILED_TO_REACH_LTS,
      );
    }
    await this.report(false, this.p.resubmit === 'interval');
  }

  /**
   * What the server's clock shows now, and ours: the anchor, from which the next start reckons. It moves on because a
   * tab may live for days, and no clock is to be believed that was set back behind what a tab saw; but not while our
   * clock is in doubt.
   *
   * The server's time is as late as either clock tells: the one that nobody can set may stand still while the computer
   * sleeps.
   */
  private keepTime(): Grant['time'] {
    this.meter.follow();
    const { grant, env } = this;
    const { server, wall } = grant.time;
    const now = Math.floor(env.now() / 1000);
    const measured = Math.floor((grant.epoch + env.elapsed()) / 1000);
    const time = { server: Math.max(server, server + now - wall, measured), wall: now };
    if (!this.meter.doubt) void this.store.change([], (unit) => unit.put('anchor/' + grant.lts, time), 'relaxed');
    return time;
  }

  /** Asks the servers for a new authorization, and takes it up. Recording goes on whatever they say. */
  private async renew(): Promise<LTSError | undefined> {
    let failure: LTSError | undefined;
    try {
      const grant = await this.authorizer.renew();
      const before = this.grant;
      if (grant.lts !== before.lts) {
        throw new LTSError(Status.SERVER_KEY_MISMATCH, "the authorization is another server's than the one in force");
      }
      this.take(grant);
      this.meter.follow(true);
      const account = accountOf(grant, this.device);
      const { handshakeCode, item } = this.meter.account;
      if (handshakeCode !== account.handshakeCode || item !== account.item) {
        this.meter.begin(account);
        this.say(`operations now count on item ${account.item} of ${account.handshakeCode}`);
      } else if (grant.authorization.validUntil !== before.authorization.validUntil) {
        this.say(`the license is valid until ${day(grant.authorization.validUntil)}`);
      }
    } catch (cause) {
      failure = errorOf(cause);
      if (failure.refused && !this.has(Flag.AUTHORIZATION_LAPSED)) {
        this.set(Flag.AUTHORIZATION_LAPSED, true);
        this.say(`${failure.message} Recording goes on; the next start will be refused`, failure.code);
      }
    }
    this.due = this.env.elapsed() + this.wait(failure);
    return failure;
  }

  /** How long to wait with the next question. Pages that were opened together do not ask together. */
  private wait(failure: LTSError | undefined): number {
    return failure && !failure.refused ? retryEvery : renewEvery * (1 - Math.random() / 10);
  }

  /** Gets this device known to a server that does not know it, more rarely each time. */
  private async introduce(): Promise<boolean> {
    const now = this.env.elapsed();
    if (now < this.introduceAt) return false;
    this.introduceAt = now + this.introduceWait;
    this.introduceWait = Math.min(2 * this.introduceWait, retryEvery);
    return !(await this.renew());
  }

  private take(grant: Grant): void {
    this.grant = grant;
    this.submitter.key = { id: grant.authorization.reportKey.id, secret: grant.secret };
    const { trial, item, issuedAt, quota } = grant.authorization;
    this.flags &= ~grantFlags;
    if (grant.cached) this.flags |= Flag.CACHE_USED;
    if (grant.standby) this.flags |= Flag.STANDBY_USED;
    if (trial) this.flags |= Flag.TRIAL;
    if (item.expiresAt && issuedAt >= item.expiresAt) this.flags |= Flag.EXPIRED_IN_TOLERANCE;
    if (grant.clockOff) this.flags |= Flag.CLOCK_ANOMALY;
    this.noteQuota(quota);
    this.noteStore();
  }

  private noteQuota(quota: Quota): void {
    this.grant.authorization.quota = quota;
    const flag = { ok: 0, tolerance: Flag.QUOTA_IN_TOLERANCE, exhausted: Flag.QUOTA_EXHAUSTED }[quota.state];
    const changed = (this.flags & quotaFlags) !== flag;
    this.flags = (this.flags & ~quotaFlags) | flag;
    if (changed) this.say(`the quota is now: ${quota.state}`);
  }

  private noteStore(): void {
    if (this.store.failure !== undefined && !this.has(Flag.STORAGE_DEGRADED)) {
      this.set(Flag.STORAGE_DEGRADED, true);
      this.say(`usage is kept in memory only: ${this.store.failure}`, Status.LICENSE_BUFFER_FAILED);
    }
  }

  private has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  private set(flag: number, on: boolean): void {
    this.flags = on ? this.flags | flag : this.flags & ~flag;
  }

  private say(message: string, statusCode: number = Status.OK): void {
    this.tell(Kind.STATE_CHANGED, statusCode, 0, message);
  }

  private tell(kind: number, statusCode: number, units: number, message: string): void {
    const event = { kind, statusCode, stateFlags: this.flags, time: new Date(this.env.now()), units, message };
    this.listeners.forEach((listener) => {
      try {
        listener(event);
      } catch (cause) {
        console.error(cause); // the page's own; it must not stop what it listens to
      }
    });
  }

  /** Keeps, and sends, what was counted whenever the page may be about to die. */
  private watchPage(): void {
    const { window } = this.env;
    if (!window) return;
    const on = (target: EventTarget, type: string, listener: (event: Event) => void): void => {
      target.addEventListener(type, listener);
      this.undo.push(() => target.removeEventListener(type, listener));
    };
    const { document } = window;
    on(document, 'visibilitychange', () => {
      if (document.visibilityState !== 'hidden') return;
      void this.meter.keep();
      this.submitter.hide();
    });
    on(document, 'freeze', () => void this.meter.keep());
    on(window, 'pagehide', () => {
      // A page that is kept for "back" must hold no lock. If it comes back, it goes on as another run.
      void this.meter.letGo();
      this.submitter.hide();
    });
  }
}

function accountOf(grant: Grant, device: Device): Account {
  const { handshakeCode, item } = grant.authorization;
  return { device: device.uuid, lts: grant.lts, handshakeCode, item: item.id };
}

/**
 * Gets this page authorized, and begins to count. It rejects with an LTSError whose code, name and message tell why
 * it was not: show it to people, and let them try again or contact the site's administrator.
 */
export function createLicense(parameters: LicenseParameters): Promise<License> {
  return License.open(parameters, globalEnvironment());
}
