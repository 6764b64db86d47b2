import { decode, decodeText } from './bytes.js';
import { chargeWays, Status } from './codes.js';
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
  /** A ChargeWay, or its name: '' (decided by the server), 'ScanCount', 'DeviceCount', 'Domain', ... */
  chargeWay?: number | string;
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
export type Checked = Required<Omit<LicenseParameters, 'licenseServer' | 'licenseKey' | 'limitedLicenseModules' | 'chargeWay'>> & {
  servers: string[];
  chargeWay: number;
  limitedLicenseModules: number[];
};

/** Names of charge ways that pages use. */
function chargeWay(given: number | string): number {
  if (typeof given === 'number' || !given) return Number(given);
  const name = given === 'Domain' ? 'APPDOMAINCOUNT' : given.replace(/_/g, '').toUpperCase();
  const words = chargeWays.split(' ');
  return Number(words[words.findIndex((word) => word.replace(/_/g, '') === name) + 1] ?? NaN);
}

const maxText = 255;

// Of the enumerations Product and DeploymentType.
const anyProduct = 65535;
const browser = 3;

export function check(given: LicenseParameters, env: Environment): Checked {
  const p = given.licenseKey ? { ...given, ...readLicenseKey(given) } : given;
  const text = (name: keyof LicenseParameters, otherwise = ''): string => {
    const value = p[name] ?? otherwise;
    if (typeof value !== 'string') throw invalid(`${name} is not a text`);
    if (value.length > maxText) throw invalid(`${name} is longer than ${maxText} characters`);
    return value;
  };
  const number = (name: keyof LicenseParameters, otherwise: number, least: number, most = 0x7fffffff): number => {
    const value = Number(p[name] ?? otherwise);
    if (!(Math.floor(value) === value && value >= least && value <= most)) {
      throw invalid(`${name} ${String(p[name])} is not a whole number from ${least} to ${most}`);
    }
    return value;
  };
  const way = p.chargeWay ?? '';
  const checked: Checked = {
    servers: servers(p.licenseServer, env),
    handshakeCode: text('handshakeCode'),
    organizationID: text('organizationID'),
    sessionPassword: text('sessionPassword'),
    deviceFriendlyName: text('deviceFriendlyName'),
    chargeWay: chargeWay(way),
    limitedLicenseModules: Array.from(p.limitedLicenseModules ?? [], Number),
    products: number('products', anyProduct, 1, anyProduct),
    productVersion: text('productVersion'),
    edition: text('edition'),
    deploymentType: number('deploymentType', browser, 0, 255),
    validationField: text('validationField', env.host),
    deviceUUID: text('deviceUUID').toLowerCase(),
    maxBufferDays: Math.max(7, number('maxBufferDays', 7, 0)),
    maxConcurrentInstanceCount: number('maxConcurrentInstanceCount', 1, 1),
    slotSeconds: number('slotSeconds', 180, 1, 86400),
    resubmit: p.resubmit ?? 'nextInit',
    serverPublicKey: text('serverPublicKey'),
    initTimeout: number('initTimeout', 12000, 1),
    requestTimeout: number('requestTimeout', 5000, 1),
    persistStorage: !!p.persistStorage,
  };
  if (!checked.handshakeCode && !checked.organizationID) {
    throw new LTSError(Status.NO_LICENSE, 'No license specified. Set handshakeCode or organizationID.');
  }
  if (!(Math.floor(checked.chargeWay) === checked.chargeWay)) throw invalid(`chargeWay ${String(way)} is not a charge way`);
  if (checked.limitedLicenseModules.some((m) => !(m >= 1 && m <= 63))) {
    throw invalid('limitedLicenseModules has a module that is not numbered 1 to 63');
  }
  if (86400 % checked.slotSeconds) throw invalid(`slotSeconds ${checked.slotSeconds} does not divide a day`);
  if (checked.resubmit !== 'nextInit' && checked.resubmit !== 'interval') {
    throw invalid(`resubmit ${String(p.resubmit)} is neither nextInit nor interval`);
  }
  if (checked.serverPublicKey && decode(checked.serverPublicKey)?.length !== 32) {
    throw invalid('serverPublicKey is not an Ed25519 key: 32 bytes in base64 are expected');
  }
  if (checked.deviceUUID && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(checked.deviceUUID)) {
    throw invalid('deviceUUID is not a UUID such as 5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a');
  }
  return checked;
}

function servers(given: LicenseParameters['licenseServer'], env: Environment): string[] {
  const list = (typeof given === 'string' ? [given] : Array.from(given ?? [])).filter((server) => server);
  if (!list.length) throw invalid('licenseServer is empty: set it to the address of the License Tracking Server');
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
    if (address.protocol === 'http:' && env.window?.location.protocol === 'https:' && !/^(localhost|127\.|\[::1)/.test(address.host)) {
      throw invalid(`licenseServer ${server} is of http, which browsers keep a page of https from; use https`);
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
    throw invalid('the license key is damaged: it is not base64 of a JSON object of parameters');
  }
  if (given.serverPublicKey && String(decode(held.serverPublicKey)) !== String(decode(given.serverPublicKey))) {
    throw new LTSError(Status.SERVER_KEY_MISMATCH, 'the license key is one of another License Tracking Server than ' +
      "the one this SDK is made for; ask the SDK's vendor for one");
  }
  const { mainServerURL, standbyServerURL, ...rest } = held;
  return mainServerURL ? { ...rest, licenseServer: [mainServerURL, standbyServerURL ?? ''] } : rest;
}
