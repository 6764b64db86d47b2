// What a page gets from a script tag, as window.OpenLTS. The enumerations are numbers in the documentation; a page
// that wants them by name imports the module.
export { LTSError } from './errors.js';
export { createLicense, License } from './license.js';
export { version } from './version.js';
