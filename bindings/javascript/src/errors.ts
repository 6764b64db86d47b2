import { Status, statusNames } from './codes.js';

/** What is wrong with a license, a server or an argument. */
export class LTSError extends Error {
  /** The status code, such as -20120. */
  readonly code: number;

  /**
   * @param code - the status code
   * @param message - one line for people: what happened, to what, what to do
   * @param refused - whether a License Tracking Server decided it, proven by its signature: final
   */
  constructor(code: number, message: string, readonly refused = false) {
    super(message);
    this.code = code;
    /** The code's name, such as LIMIT_EXCEEDED. */
    this.name = statusName(code);
  }
}

/** The name of a status code, such as LIMIT_EXCEEDED for -20120; UNKNOWN if there is no such code. */
export function statusName(code: number): string {
  const words = statusNames.split(' ');
  for (let i = 0, value = 0; i < words.length; i += 2) {
    value -= Number(words[i]);
    if (value === code) return words[i + 1]!;
  }
  return 'UNKNOWN';
}

export function invalid(message: string): LTSError {
  return new LTSError(Status.INVALID_ARGUMENT, message);
}

export function errorOf(cause: unknown): LTSError {
  return cause instanceof LTSError
    ? cause
    : new LTSError(Status.INTERNAL, `The license library failed internally: ${String(cause)}`);
}
