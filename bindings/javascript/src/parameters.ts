import { decode, decodeText } from './bytes.js';
import { Status } from './codes.js';
import type { Environment } from './environment.js';
import { invalid, LTSError } from './errors.js';

/** How to reach the License Tracking Server, and what to ask of it. */
export interface LicenseParameters {
  /** The main server's address, or those of the main and the standby server. */
  licenseServer?: string | readonly string[];
  handshakeCode?: string;
  /** Alone, it means the organization's default handshake code. */
  organizationID?: string;
  sessionPassword?: string;
  /** The one string that `lts handshake key` prints; what it holds takes precedence. */
  licenseKey?: string;
  /** Shown to the license's administrator. */
  deviceFriendlyName?: string;
  /** A ChargeWay; AUTO, decided by the server, if it is missing. */
  chargeWay?: number;
  /** The modules to ask for: a LicenseModule each, or its number as a text. None: all of the license. */
  limitedLicenseModules?: readonly (number | string)[];
  /** Product bits; any product if it is missing. */
  products?: number;
  productVersion?: string;
  edition?: string;
  /** BROWSER if it is missing. */
  deploymentType?: number;
  /** What a license for a domain is checked with: the page's host if it is missing. */
  validationField?: string;
  /**
   * The client UUID, from your own login or device management. Recommended where a license counts devices: a browser
   * that lost its storage (a private window, 7 days without a visit in Safari) is a new device otherwise, and takes a
   * seat.
   */
  deviceUUID?: string;
  /** For how many days the license may be used without the server; the server has the last word. At least 7. */
  maxBufferDays?: number;
  maxConcurrentInstanceCount?: number;
  /** The length of a time slot: 180 unless the server's administrator says otherwise. It divides a day. */
  slotSeconds?: number;
  /** When a report whose submission failed is tried again: 'nextInit' (the default), or 'interval'. */
  resubmit?: 'nextInit' | 'interval';
  /** The server's Ed25519 key in base64, as `lts key show` prints it: no other server is believed then. */
  serverPublicKey?: string;
  /** How long authorization may take in all, in milliseconds: 12000 if it is missing. */
  initTimeout?: number;
  /** How long one request may take, in milliseconds: 5000 if it is missing. */
  requestTimeout?: number;
  /** Whether to ask the browser to keep the storage when it runs short of it. Firefox asks the user then. */
  persistStorage?: boolean;
}

/** Parameters that were checked, and completed by their defaults. */
export type Checked = Required<
  Omit<LicenseParameters, 'licenseServer' | 'licenseKey' | 'limitedLicenseModules' | 'chargeWay'>
> & {
  servers: string[];
  chargeWay: number;
  limitedLicenseModules: number[];
};

const maxText = 255;

// Of the enumerations Product and DeploymentType.
const anyProduct = 65535;
const browser = 3;

/** The parameters that are texts, by their names. */
const texts =
  'handshakeCode organizationID sessionPassword deviceFriendlyName productVersion edition validationField ' +
  'deviceUUID serverPublicKey';

/** Those that are whole numbers: their defaults, the least and the most. */
const numbers: Record<string, [number, number, number]> = {
  products: [anyProduct, 1, anyProduct],
  deploymentType: [browser, 0, 255],
  maxBufferDays: [7, 0, 1e6],
  maxConcurrentInstanceCount: [1, 1, 1e6],
  slotSeconds: [180, 1, 86400],
  initTimeout: [12000, 1, 1e8],
  requestTimeout: [5000, 1, 1e8],
};

export function check(given: LicenseParameters, env: Environment): Checked {
  const p: Record<string, unknown> = given.licenseKey ? { ...given, ...readLicenseKey(given) } : { ...given };
  const checked: Record<string, unknown> = {
    servers: servers(p.licenseServer as LicenseParameters['licenseServer'], env),
    chargeWay: Number(p.chargeWay ?? 0),
    limitedLicenseModules: Array.from((p.limitedLicenseModules ?? []) as string[], Number),
    resubmit: p.resubmit ?? 'nextInit',
    persistStorage: !!p.persistStorage,
  };
  for (const name of texts.split(' ')) {
    const value = (checked[name] = p[name] ?? (name === 'validationField' ? env.host : ''));
    if (typeof value !== 'string' || value.length > maxText)
      throw invalid(`${name} is not a text of at most ${maxText} characters`);
  }
  for (const name of Object.keys(numbers)) {
    const [otherwise, least, most] = numbers[name]!;
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
    chargeWay: c.chargeWay % 1 === 0,
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
