/** The name and the message of each status code, for hosts that show codes which come from elsewhere. */
import { StatusCode } from './definitions.js';
import { statusMessages } from './statusMessages.js';

/**
 * The message of a status code, such as "License has exceeded its limit." for -20120; empty if there is no such code.
 */
export function statusMessage(code: number): string {
  return statusMessages[code] ?? '';
}

/** The name of a status code, such as LIMIT_EXCEEDED for -20120; UNKNOWN if there is no such code. */
export function statusName(code: number): string {
  return Object.entries(StatusCode).find(([, value]) => value === code)?.[0] ?? 'UNKNOWN';
}
