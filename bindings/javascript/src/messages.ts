/** The message of each status code, for hosts that show codes which come from elsewhere. */
import { statusMessages } from './statusMessages.js';

/** The message of a status code, such as "License has exceeded its limit." for -20120; empty if there is no such code. */
export function statusMessage(code: number): string {
  return statusMessages[code] ?? '';
}
