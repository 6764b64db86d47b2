import { decode, decodeText } from './bytes.js';
import { Status } from './codes.js';
import type { Environment } from './environment.js';
import { invalid, LTSError } from './errors.js';

/** How to reach the License Tracking Server, and what to ask of it. */
export interface LicenseParameters {
  /** The main server's address, or those of the main and the standby server. */
  licenseServer?: string | readonly string[];
  /** The one string that `lts handshake key` prints; what it holds takes precedence. */
  licenseKey?: string;
  // generated: parameters
  /** Required, unless organizationID is set; both may be set. */
  handshakeCode?: string;
  /** The session password of the code, if it has one. */
  sessionPassword?: string;
  /** Without handshakeCode: the organization's default code is used. */
  organizationID?: string;
  /** Where the SDK runs (DeploymentType); BROWSER by default. */
  deploymentType?: number;
  /** How usage is to be charged (ChargeWay); AUTO by default. */
  chargeWay?: number;
  /**
   * How many days an authorization may be used without the server; 0 to 6 count as 7; the license may allow fewer; 7 by
   * default.
   */
  maxBufferDays?: number;
  /** The modules to ask for (LicenseModule values, or their numbers as texts); all if it is missing. */
  limitedLicenseModules?: readonly (number | string)[];
  /**
   * How many instances this machine will use at once, 1 to 1,000,000; matters only for licenses charged by instances; 1
   * by default.
   */
  maxConcurrentInstanceCount?: number;
  /** May be combined (Product bits); ALL by default. */
  products?: number;
  /** The version of the SDK, such as "10.2.1". */
  productVersion?: string;
  /** The edition of the SDK, such as "Python". */
  edition?: string;
  /** What a license for a domain is checked with; the page's host if it is missing. */
  validationField?: string;
  /** Shown to administrators. */
  deviceFriendlyName?: string;
  /**
   * The client UUID, from your own login or device management. Recommended where a license counts devices: a browser
   * that lost its storage (a private window, 7 days without a visit in Safari) is a new device otherwise, and takes a
   * seat.
   */
  deviceUUID?: string;
  /**
   * The server's Ed25519 key in base64, as lts key show prints it: the library believes no other server; if empty, it
   * remembers the first key it sees.
   */
  serverPublicKey?: string;
  /** Length of a time slot and of the reporting interval in seconds; must divide a day; 180 by default. */
  slotSeconds?: number;
  /** For the whole initialization (milliseconds); 12000 by default. */
  initTimeout?: number;
  /** For one request to a server (milliseconds); 5000 by default. */
  requestTimeout?: number;
  // generated: end
  /** When a report whose submission failed is tried again: 'nextInit' (the default), or 'interval'. */
  resubmit?: 'nextInit' | 'interval';
  /** Whether to ask the browser to keep the storage when it runs short of it. Firefox asks the user then. */
  persistStorage?: boolean;
}

/** Parameters that were checked, and completed by their defaults. */
export type Checked = Required<Omit<LicenseParameters, 'licenseServer' | 'licenseKey' | 'limitedLicenseModules'>> & {
  servers: string[];
  limitedLicenseModules: number[];
};

const maxText = 255;

// The parameters that are texts, by their names.
// generated: texts
const texts =
  'handshakeCode sessionPassword organizationID productVersion edition validationField ' +
  'deviceFriendlyName deviceUUID serverPublicKey';
// generated: end

// Those that are whole numbers.
// generated: defaults
const enum Default {
  deploymentType = 3,
  chargeWay = 0,
  maxBufferDays = 7,
  maxConcurrentInstanceCount = 1,
  products = 65535,
  slotSeconds = 180,
  initTimeout = 12000,
  requestTimeout = 5000,
}
// generated: end

/** Their defaults, the least and the most. */
const numbers: Record<keyof typeof Default, [number, number, number]> = {
  products: [Default.products, 1, Default.products],
  chargeWay: [Default.chargeWay, 0, 255],
  deploymentType: [Default.deploymentType, 0, 255],
  maxBufferDays: [Default.maxBufferDays, 0, 1e6],
  maxConcurrentInstanceCount: [Default.maxConcurrentInstanceCount, 1, 1e6],
  slotSeconds: [Default.slotSeconds, 1, 86400],
  initTimeout: [Default.initTimeout, 1, 1e8],
  requestTimeout: [Default.requestTimeout, 1, 1e8],
};

export function check(given: LicenseParameters, env: Environment): Checked {
  const p: Record<string, unknown> = given.licenseKey ? { ...given, ...readLicenseKey(given) } : { ...given };
  const checked: Record<string, unknown> = {
    servers: servers(p.licenseServer as LicenseParameters['licenseServer'], env),
    limitedLicenseModules: Array.from((p.limitedLicenseModules ?? []) as string[], Number),
    resubmit: p.resubmit ?? 'nextInit',
    persistStorage: !!p.persistStorage,
  };
  for (const name of texts.split(' ')) {
    const value = (checked[name] = p[name] ?? (name === 'validationField' ? env.host : ''));
    if (typeof value !== 'string' || value.length > maxText)
      throw invalid(`${name} is not a text of at most ${maxText} characters`);
  }
  for (const [name, [otherwise, least, most]] of Object.entries(numbers)) {
    const value = (checked[name] = Number(p[name] ?? otherwise));
    if (!(value % 1 === 0 && value >= least && value <= most))
      throw invalid(`${name} is not a whole number from ${least} to ${most}`);
  }
  const c = checked as Checked;
  if (!c.handshakeCode && !c.organizationID) {
    throw new LTSError(Status.NO_LICENSE, 'No license specified. Set handshakeCode or organizationID.');
  }
  c.maxBufferDays = Math.max(7, c.maxBufferDays);
  c.deviceUUID = c.deviceUUID.toLowerCase();
  const valid: Record<string, boolean> = {
    limitedLicenseModules: c.limitedLicenseModules.every((m) => m >= 1 && m <= 63),
    slotSeconds: 86400 % c.slotSeconds === 0,
    resubmit: c.resubmit === 'nextInit' || c.resubmit === 'interval',
    serverPublicKey: !c.serverPublicKey || decode(c.serverPublicKey)?.length === 32,
    deviceUUID: !c.deviceUUID || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(c.deviceUUID),
  };
  for (const name of Object.keys(valid)) {
    if (!valid[name]) throw invalid(`${name} can't be ${String(p[name]).slice(0, 80)}; see its documentation`);
  }
  return c;
}

function servers(given: LicenseParameters['licenseServer'], env: Environment): string[] {
  const list = (typeof given === 'string' ? [given] : Array.from(given ?? [])).filter((server) => server);
  if (!list.length) throw invalid('licenseServer is empty: set it to the address of a server');
  return list.slice(0, 2).map((server) => {
    let address: URL | undefined;
    try {
      address = new URL(server);
    } catch {
      // Said below.
    }
    if (!address || !/^https?:$/.test(address.protocol) || address.username || address.search || address.hash) {
      throw invalid(`licenseServer ${String(server).slice(0, 80)} is not of the form http(s)://host[:port][/path]`);
    }
    if (
      address.protocol === 'http:' &&
      env.window?.location.protocol === 'https:' &&
      !/^(localhost|127\.|\[::1)/.test(address.host)
    ) {
      throw invalid(`licenseServer ${server} is of http, which a page of https can't reach`);
    }
    return address.href.replace(/\/+$/, '');
  });
}

/** Reads a license key: a prefix and base64 of a JSON object of parameters. */
function readLicenseKey(given: LicenseParameters): LicenseParameters {
  const key = String(given.licenseKey).trim();
  if (!/^(LTS1|DLS2)/.test(key)) throw invalid('the license key does not begin with LTS1');
  let held: LicenseParameters & { mainServerURL?: string; standbyServerURL?: string };
  try {
    held = JSON.parse(decodeText(decode(key.slice(4))!)) as typeof held;
  } catch {
    throw invalid('the license key is damaged');
  }
  if (given.serverPublicKey && String(decode(held.serverPublicKey)) !== String(decode(given.serverPublicKey))) {
    throw new LTSError(Status.SERVER_KEY_MISMATCH, 'the license key is of another License Tracking Server');
  }
  const { mainServerURL, standbyServerURL, ...rest } = held;
  return mainServerURL ? { ...rest, licenseServer: [mainServerURL, standbyServerURL ?? ''] } : rest;
}
