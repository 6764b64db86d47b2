import { decode, decodeText, encode, type Bytes } from './bytes.js';
import { digest, keyID, publicKey, random, reportKey, uuid, verify } from './crypto.js';
import { Status } from './codes.js';
import type { Environment } from './environment.js';
import { errorOf, LTSError, strange } from './errors.js';
import type { Checked } from './parameters.js';
import { frame, isDecision, join, problemOf, type Network } from './server.js';
import type { Store } from './store.js';
import { version } from './version.js';

/** Who asks: a client UUID, and the X25519 key it is authenticated by. */
export interface Device {
  uuid: string;
  source: 'random' | 'host' | 'memory';
  key: Bytes;
  publicKey: Bytes;
}

export interface Quota {
  limit: number;
  tolerance: number;
  used: number;
  state: 'ok' | 'tolerance' | 'exhausted';
}

/** What a server granted and signed; docs/protocol.md has the fields. */
export interface Authorization {
  device: string;
  deviceKey: string;
  nonce: string;
  request: string;
  handshakeCode: string;
  organizationID: string;
  item: { id: string; name?: string; products: number; chargeWay: number; modules?: number[]; expiresAt: number };
  quota: Quota;
  trial?: boolean;
  issuedAt: number;
  validUntil: number;
  bufferUntil: number;
  reportKey: { serverPublicKey: string; id: string };
}

/** An authorization in force. */
export interface Grant {
  authorization: Authorization;
  /** The id of the signing key of the server that granted it. */
  lts: string;
  /** Authenticates reports and receipts. */
  secret: Bytes;
  standby: boolean;
  /** Why the one that was kept is used, or undefined if a server granted it now. */
  cached?: LTSError;
  /** A moment by the server's clock and what ours showed then. */
  time: Anchor;
  /** What the server's clock showed when the one that nobody can set began, in milliseconds since 1970. */
  epoch: number;
  clockOff: boolean;
}

/** A moment by a server's clock, and what ours showed then; seconds since 1970. */
interface Anchor {
  server: number;
  wall: number;
}

interface Kept {
  jws: string;
  receivedAt: number;
  /** The report key, and the server's key it was derived with. */
  secret: string;
  of?: string;
}

interface Refusal {
  device: string;
  deviceKey: string;
  nonce: string;
  request: string;
  code: number;
  detail: string;
  issuedAt: number;
}

/** How far a clock may be off, or go back, without being called wrong, in seconds. */
const slack = 3600;

const authorizationType = 'openlts-authorization';

/** Gets this device authorized by the rules of docs/protocol.md. */
export class Authorizer {
  constructor(
    private readonly env: Environment,
    private readonly store: Store,
    private readonly p: Checked,
    private readonly device: Device,
    private readonly network: Network,
  ) {}

  /** From the main server, else from the standby, else the one that was kept. A proven refusal is final. */
  async authorize(): Promise<Grant> {
    try {
      return await this.renew();
    } catch (cause) {
      const reason = errorOf(cause);
      if (reason.refused) throw reason;
      return this.fromCache(reason);
    }
  }

  /** From a server, not from the cache. */
  async renew(): Promise<Grant> {
    const ends = this.env.elapsed() + this.p.initTimeout;
    const failures: LTSError[] = [];
    for (const [i, server] of this.p.servers.entries()) {
      const share = Math.min(this.p.requestTimeout, (ends - this.env.elapsed()) / (this.p.servers.length - i));
      try {
        const grant = await this.ask(server, Math.max(1, share));
        grant.standby = i > 0;
        return grant;
      } catch (cause) {
        const failure = errorOf(cause);
        this.network.shown.delete(server);
        if (failure.refused) throw failure;
        failures.push(failure);
      }
    }
    throw join(failures);
  }

  private async ask(server: string, timeout: number): Promise<Grant> {
    const { p, device } = this;
    const wall = this.seconds();
    const nonce = encode(random(this.env, 24));
    const body = JSON.stringify(
      {
        protocol: 1,
        nonce,
        clientTime: wall,
        device: {
          uuid: device.uuid,
          publicKey: encode(device.publicKey),
          uuidSource: device.source,
          friendlyName: p.deviceFriendlyName,
          platform: 'javascript',
          library: 'openlts-javascript/' + version,
        },
        ...this.asked(),
        modules: p.limitedLicenseModules,
        maxBufferDays: p.maxBufferDays,
        instanceCount: p.maxConcurrentInstanceCount,
        slotSeconds: p.slotSeconds,
      },
      (_, value: unknown) => (value === '' ? undefined : value),
    );
    const asked = digest(body);
    const answers = (a: { device: string; deviceKey: string; nonce: string; request: string }): boolean =>
      a.device === device.uuid && a.deviceKey === encode(device.publicKey) && a.nonce === nonce && a.request === asked;

    // What is kept is read while the server is asked.
    const kept = this.known(server).then(async (known) => ({
      known,
      before: known && (await this.read<Kept>(this.keptAt(known))),
    }));
    const pinned = p.serverPublicKey && keyID(decode(p.serverPublicKey)!);
    const answer = await this.network.post(server, pinned, '/v1/authorizations', frame, body, timeout);
    const { known, before: keptBefore } = await kept;
    const problem = problemOf(answer);
    if (problem) {
      if (!isDecision(problem.code)) throw new LTSError(problem.code, problem.detail, problem.title);
      if (!problem.refusal) {
        throw strange(`${server} seems to refuse (${problem.code}), but did not sign that (a proxy?)`);
      }
      const key = keyFor(server, known, problem.publicKey);
      // If a server of ours is known, a stranger can't refuse in its place.
      const others = known ? [] : await this.knownKeys();
      if (others.length && !others.includes(encode(key))) throw otherKey(server, 'the refusal');
      const refusal = await this.signed<Refusal>('openlts-refusal', problem.refusal, key, server, 'the refusal');
      if (!answers(refusal) || !isDecision(refusal.code)) throw forAnother(server, 'the refusal');
      const before = await this.cached(key);
      const late = refusal.code === Status.LICENSE_EXPIRED || refusal.code === Status.LICENSE_NOT_YET_EFFECTIVE;
      if (late && before && !before.useless && Math.abs(refusal.issuedAt - before.grant.time.server) > slack) {
        throw new LTSError(
          refusal.code,
          `${server} refuses, but its clock is wrong by what it granted before`,
          problem.title,
        );
      }
      await this.store.change([], (unit) => unit.put(this.keptAt(key), undefined));
      throw new LTSError(refusal.code, refusal.detail, problem.title, true);
    }

    const shown = String(answer.json.publicKey);
    const key = keyFor(server, known, shown);
    const jws = String(answer.json.authorization);
    const authorization = await this.signed<Authorization>(authorizationType, jws, key, server, 'the answer');
    if (!answers(authorization)) throw forAnother(server, 'the authorization');
    return this.keep(
      server,
      known ? keptBefore : await this.read<Kept>(this.keptAt(key)),
      !known,
      key,
      jws,
      authorization,
      wall,
    );
  }

  /** Remembers what a server granted, and the time by its clock. */
  private async keep(
    server: string,
    before: Kept | undefined,
    first: boolean,
    key: Bytes,
    jws: string,
    authorization: Authorization,
    wall: number,
  ): Promise<Grant> {
    const at = this.keptAt(key);
    const lts = keyID(key);
    this.network.shown.set(server, lts);
    const time = { server: authorization.issuedAt, wall };
    let secret = before?.of === authorization.reportKey.serverPublicKey ? decode(before.secret) : undefined;
    if (!secret) {
      const other = decode(authorization.reportKey.serverPublicKey);
      const { key, publicKey } = this.device;
      const derived = other?.length === 32 ? await reportKey(this.env, key, publicKey, other) : undefined;
      if (derived?.id !== authorization.reportKey.id) {
        throw strange(`the report key of ${server} does not fit this device`);
      }
      secret = derived.secret;
    }
    const kept = {
      jws,
      receivedAt: wall,
      secret: encode(secret),
      of: authorization.reportKey.serverPublicKey,
    };
    // Nobody waits for that: whatever reads it comes after it, and the next start asks the server anyway.
    void this.store.change([], (unit) => {
      unit.put(at, kept);
      unit.put('anchor/' + lts, time);
      if (first) unit.put('server/' + server, encode(key));
    });
    return {
      authorization,
      lts,
      secret,
      standby: false,
      time,
      epoch: authorization.issuedAt * 1000 - this.env.elapsed(),
      clockOff: Math.abs(wall - authorization.issuedAt) > slack,
    };
  }

  /** Uses what a server of ours granted before, if it is still in force. */
  private async fromCache(reason: LTSError): Promise<Grant> {
    let useless = '';
    for (const key of await this.knownKeys()) {
      const found = await this.cached(decode(key)!);
      if (found && !found.useless) return { ...found.grant, cached: reason };
      if (found) useless = '; ' + found.useless;
    }
    throw useless ? new LTSError(reason.code, reason.message.replace(/\.$/, '') + useless, reason.name) : reason;
  }

  /** What a server granted before for the same. */
  private async cached(key: Bytes): Promise<{ grant: Grant; useless: string } | undefined> {
    const kept = await this.read<Kept>(this.keptAt(key));
    const secret = decode(kept?.secret);
    if (!kept || !secret) return undefined;
    let authorization: Authorization;
    try {
      authorization = await this.signed<Authorization>(authorizationType, kept.jws, key, 'the cache', 'what is kept');
    } catch {
      return undefined;
    }
    if (authorization.device !== this.device.uuid || authorization.deviceKey !== encode(this.device.publicKey))
      return undefined;
    const lts = keyID(key);
    const wall = this.seconds();
    const first = { server: authorization.issuedAt, wall: kept.receivedAt };
    const time = await this.store.change(['anchor/' + lts], (unit) => {
      const anchor = unit.get<Anchor>('anchor/' + lts) ?? first;
      const moved = reckon(anchor, wall);
      if (moved) unit.put('anchor/' + lts, moved);
      return moved;
    });
    let useless = '';
    if (!time) {
      useless = 'the clock was set back; the server has to be reached once';
    } else if (time.server > endOf(authorization) || time.server < authorization.issuedAt - slack) {
      const until = day(endOf(authorization));
      useless = `what was granted before could be used without the server until ${until}`;
    }
    const { server } = time ?? first;
    const epoch = server * 1000 - this.env.elapsed();
    const grant = { authorization, lts, secret, standby: false, time: { server, wall }, epoch, clockOff: !time };
    return { grant, useless };
  }

  /** The key a server is known by: the pinned one, else the one it was first met with. */
  private async known(server: string): Promise<Bytes | undefined> {
    return decode(this.p.serverPublicKey || (await this.read<string>('server/' + server)) || '!');
  }

  private async knownKeys(): Promise<string[]> {
    const keys = await Promise.all(this.p.servers.map((server) => this.known(server)));
    return Array.from(new Set(keys.filter((key) => key).map((key) => encode(key!))));
  }

  /** Where an authorization is kept: under its server's key, and all that was asked for. */
  private keptAt(key: Bytes): string {
    return (
      'grant/' + digest(JSON.stringify([encode(key), this.asked(), this.p.limitedLicenseModules, this.device.uuid]))
    );
  }

  /** What is asked for. */
  private asked(): Record<string, unknown> {
    const names = [
      'handshakeCode',
      'organizationID',
      'sessionPassword',
      'productVersion',
      'edition',
      'validationField',
      'products',
      'deploymentType',
      'chargeWay',
    ] as const;
    return Object.fromEntries(names.map((name) => [name, this.p[name]]));
  }

  private read<T>(key: string): Promise<T | undefined> {
    return this.store.change([key], (unit) => unit.get<T>(key), 'relaxed');
  }

  /** Checks a JWS in compact form, of a type of ours, and reads what it signs. */
  private async signed<T>(type: string, jws: string, key: Bytes, server: string, what: string): Promise<T> {
    const [head, payload, signature] = jws.split('.').map((part) => decode(part));
    const notOurs = strange(`${what} of ${server} is not a JWS of ${type}`);
    if (!head || !payload || !signature || jws.split('.').length !== 3) throw notOurs;
    let header: { alg?: string; typ?: string };
    try {
      header = JSON.parse(decodeText(head)) as typeof header;
    } catch {
      throw notOurs;
    }
    // Algorithm and type are ours, never the sender's choice.
    if (header.alg !== 'EdDSA' || header.typ !== type) throw notOurs;
    if (!(await verify(this.env, key, jws.slice(0, jws.lastIndexOf('.')), signature))) throw otherKey(server, what);
    return JSON.parse(decodeText(payload)) as T;
  }

  private seconds(): number {
    return Math.floor(this.env.now() / 1000);
  }
}

/** Until when an authorization may be used without the server, by the server's clock. */
export function endOf(a: Authorization): number {
  return Math.min(a.bufferUntil, a.validUntil);
}

export function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** What a server's clock shows, by the time that passed since an anchor; undefined if our clock was set back. */
function reckon(anchor: Anchor, wall: number): Anchor | undefined {
  const elapsed = wall - anchor.wall;
  if (elapsed < -slack) return undefined;
  return elapsed > 0 ? { server: anchor.server + elapsed, wall } : anchor;
}

/** The key an answer must be signed with: the one the server is known by, else the one it shows. */
function keyFor(server: string, known: Bytes | undefined, shown: string): Bytes {
  const key = known ?? decode(shown);
  if (key?.length !== 32) {
    throw strange(`${server} does not show a valid signing key`);
  }
  return key;
}

function otherKey(server: string, what: string): LTSError {
  return new LTSError(
    Status.SERVER_KEY_MISMATCH,
    `${what} of ${server} is not signed with the key this server ` +
      "is known by; if it was set up anew, clear this site's data or set serverPublicKey",
  );
}

function forAnother(server: string, what: string): LTSError {
  return strange(`${what} of ${server} is for another request or device`);
}

/** Who this browser is at this origin: made once, and kept. */
export async function identify(env: Environment, store: Store, host: string): Promise<Device> {
  interface Identity {
    uuid: string;
    key: string;
    publicKey: string;
  }
  const at = 'device/' + host;
  let found = await store.change([at], (unit) => unit.get<Identity>(at), 'relaxed');
  let key = decode(found?.key);
  if (key?.length !== 32) {
    key = random(env, 32);
    const made = { uuid: host || uuid(env), key: encode(key), publicKey: encode(publicKey(key)) };
    await store.change([at], (unit) => {
      // Another tab may have been faster.
      const theirs = unit.get<Identity>(at);
      if (decode(theirs?.key)?.length !== 32) unit.put(at, made);
    });
    // Some browsers take what they do not give back: only what was read is believed.
    found = (await store.change([at], (unit) => unit.get<Identity>(at), 'relaxed')) ?? made;
    key = decode(found.key)!;
  }
  const source = host ? 'host' : store.failure === undefined ? 'random' : 'memory';
  return { uuid: found!.uuid, source, key, publicKey: decode(found!.publicKey)! };
}
