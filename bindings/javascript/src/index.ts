/** License authorization and usage metering in browsers, against a License Tracking Server. */
export {
  ChargeWay,
  DeploymentType,
  EventKind,
  LicenseModule,
  Product,
  StateFlag,
  StatusCode,
  type OperationType,
} from './definitions.js';
export { LTSError } from './errors.js';
export { createLicense, License, type LicenseEvent, type LicenseInfo } from './license.js';
export type { LicenseParameters } from './parameters.js';
export { version } from './version.js';
