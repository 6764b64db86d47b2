import { Status } from './codes.js';
import type { Environment } from './environment.js';
import { LTSError, strange } from './errors.js';

/** An answer of a server, out of its frame. */
export interface Answer {
  /** The MAC of a receipt, or empty. */
  mac: string;
  body: string;
  /** What the body holds. */
  json: Record<string, unknown>;
}

/** An error that a server says, in the protocol's form. It proves nothing, unless a refusal in it does. */
export interface Problem {
  code: number;
  /** The code's name. It is not signed. */
  title: string;
  detail: string;
  refusal: string;
  publicKey: string;
}

/** The longest answer that is read. */
const maxAnswer = 1 << 20;

/** What stands in the first line of a request for an authorization. */
export const frame = 'openlts/1';

/**
 * Posts a body in the framing for browsers, which needs no leave of the server (CORS preflight), and reads the
 * answer. An error of FAILED_TO_REACH_LTS says nothing of whether the server got the request.
 */
export async function post(
  env: Environment,
  server: string,
  path: string,
  first: string,
  body: string,
  timeout: number,
  keepalive = false,
): Promise<Answer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  let text: string;
  let status: number;
  try {
    const response = await env.fetch(server + path, {
      method: 'POST',
      body: first + '\n' + body, // a text is sent as text/plain
      signal: abort.signal,
      keepalive,
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
    status = response.status;
    text = await read(response);
  } catch (cause) {
    if (cause instanceof LTSError) throw cause;
    throw new LTSError(
      Status.FAILED_TO_REACH_LTS,
      server + (abort.signal.aborted ? ' did not answer in time' : ` can't be reached: ${(cause as Error).message}`),
    );
  } finally {
    clearTimeout(timer);
  }
  const match = /^openlts\/1(?: ([\w-]+))?\n/.exec(text);
  if (match) {
    const inner = text.slice(match[0].length);
    try {
      const json: unknown = JSON.parse(inner);
      if (json && typeof json === 'object') return { mac: match[1] ?? '', body: inner, json: json as Answer['json'] };
    } catch {
      // Not a server's answer.
    }
  }
  if (status >= 500 || status === 429) {
    throw new LTSError(Status.FAILED_TO_REACH_LTS, `${server} answered with HTTP status ${status}`);
  }
  throw strange(`${server} answered, but not as a License Tracking Server does (a proxy, or a login page?)`);
}

async function read(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder();
  let text = '';
  for (let size = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    if ((size += value.length) > maxAnswer) {
      void reader.cancel();
      throw strange(`${response.url} sent an answer of more than ${maxAnswer} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** The error that an answer is, if it is one. */
export function problemOf(answer: Answer): Problem | undefined {
  const problem = answer.json.problem as Partial<Problem> | undefined;
  if (!problem) return undefined;
  const code = Number(problem.code);
  return {
    code: code <= -20100 && code > -20200 ? code : Status.SERVER_RESPONSE_INVALID,
    title: String(problem.title).replace(/[^A-Z0-9_]/g, ''),
    detail: String(problem.detail),
    refusal: String(problem.refusal ?? ''),
    publicKey: String(problem.publicKey ?? ''),
  };
}

/** Whether a code is a server's decision about a license, which it signs. */
export function isDecision(code: number): boolean {
  return code <= -20101 && code > -20190;
}

/** One error out of what each server said, with the code of the first that got an answer at all. */
export function join(failures: LTSError[]): LTSError {
  const heard = failures.find((f) => f.code !== Status.FAILED_TO_REACH_LTS);
  const said = failures.map((f) => f.message).join('; ');
  return heard
    ? new LTSError(heard.code, said, heard.name)
    : new LTSError(Status.FAILED_TO_REACH_LTS, 'Failed to reach License Tracking Server. ' + said);
}
