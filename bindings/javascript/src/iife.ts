// What a page gets from a script tag, as window.OpenLTS. The enumerations are numbers in the documentation; a page
// that wants them by name imports the module.
import { LTSError } from './errors.js';
import { createLicense, License } from './license.js';
import { version } from './version.js';

Object.assign(globalThis, { OpenLTS: { LTSError, License, createLicense, version } });
