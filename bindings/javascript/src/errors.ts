import { Status } from './codes.js';

/** The names of the codes that this library itself finds; a server tells the names of its own. */
const names: Record<number, string> = {
  [Status.NO_LICENSE]: 'NO_LICENSE',
  [Status.FAILED_TO_REACH_LTS]: 'FAILED_TO_REACH_LTS',
  [Status.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [Status.INVALID_HANDLE]: 'INVALID_HANDLE',
  [Status.INTERNAL]: 'INTERNAL',
  [Status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [Status.SERVER_KEY_MISMATCH]: 'SERVER_KEY_MISMATCH',
  [Status.SERVER_RESPONSE_INVALID]: 'SERVER_RESPONSE_INVALID',
  [Status.TOO_MANY]: 'TOO_MANY',
  [Status.TIME_OUT_OF_RANGE]: 'TIME_OUT_OF_RANGE',
  [Status.UNKNOWN_OPERATION_TYPE]: 'UNKNOWN_OPERATION_TYPE',
};

/** What is wrong with a license, a server or an argument. Its name is the code's, such as LIMIT_EXCEEDED. */
export class LTSError extends Error {
  /**
   * @param code - the status code, such as -20120
   * @param message - one line for people: what happened, to what, what to do
   * @param name - the code's name, if it is a server's
   * @param refused - whether a License Tracking Server decided it, proven by its signature: final
   */
  constructor(
    readonly code: number,
    message: string,
    name = names[code] ?? 'LTSError',
    readonly refused = false,
  ) {
    super(message);
    this.name = name;
  }
}

export function invalid(message: string): LTSError {
  return new LTSError(Status.INVALID_ARGUMENT, message);
}

/** The error of an answer that no License Tracking Server gives, or not to this question. */
export function strange(message: string): LTSError {
  return new LTSError(Status.SERVER_RESPONSE_INVALID, message);
}

export function errorOf(cause: unknown): LTSError {
  return cause instanceof LTSError
    ? cause
    : new LTSError(Status.INTERNAL, `The license library failed: ${String(cause)}`);
}
