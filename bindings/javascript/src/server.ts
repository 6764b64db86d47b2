import { decode } from './bytes.js';
import { Status } from './codes.js';
import { keyID } from './crypto.js';
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
 * The way to the servers, and which addresses turned out to lead to which of them. Other addresses get nothing that is
 * meant for a server: an address may belong to another vendor's by now, or somebody may have entered a wrong one.
 *
 * This proves nothing, because anybody can show a server's public keys: only what is signed is believed.
 */
export class Network {
  /** The id of the signing key that an address showed, or signed with. */
  readonly shown = new Map<string, string>();

  constructor(private readonly env: Environment) {}

  /**
   * Posts a body in the framing for browsers, which needs no leave of the server (CORS preflight), and reads the
   * answer. If it is meant for the server with a key (its id), an address that is not known to lead there is asked for
   * its keys before. An error of FAILED_TO_REACH_LTS says nothing of whether the server got the request.
   */
  async post(
    server: string,
    lts: string,
    path: string,
    first: string,
    body: string,
    timeout: number,
    keepalive = false,
  ): Promise<Answer> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeout);
    let text: string;
    let status = 0;
    const ask = async (path: string, init: RequestInit): Promise<string> => {
      const response = await this.env.fetch(server + path, {
        signal: abort.signal,
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        ...init,
      });
      status = response.status;
      return read(response);
    };
    try {
      if (lts && this.shown.get(server) !== lts) {
        text = await ask('/v1/keys', {});
        const shows = showsKey(text, lts);
        if (shows === undefined) throw noServer(server, status);
        if (!shows) {
          throw new LTSError(
            Status.SERVER_KEY_MISMATCH,
            `${server} is another License Tracking Server than the one that is meant, and was sent nothing: ` +
              'check the address',
          );
        }
        this.shown.set(server, lts);
      }
      // At once, if it can be: a page that dies comes to no later moment. A text is sent as text/plain.
      text = await ask(path, { method: 'POST', body: first + '\n' + body, keepalive });
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
    throw noServer(server, status);
  }
}

/** Whether an answer lists the signing key with an id; undefined if it lists no keys. */
function showsKey(text: string, lts: string): boolean | undefined {
  try {
    const { signingKeys } = JSON.parse(text) as { signingKeys: { publicKey: string }[] };
    return signingKeys.some(({ publicKey }) => keyID(decode(publicKey)!) === lts);
  } catch {
    return undefined;
  }
}

/** The error of an answer that no License Tracking Server gives. */
function noServer(server: string, status: number): LTSError {
  return status >= 500 || status === 429
    ? new LTSError(Status.FAILED_TO_REACH_LTS, `${server} answered with HTTP status ${status}`)
    : strange(`${server} answered, but not as a License Tracking Server does (a proxy, or a login page?)`);
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
      throw strange(`${response.url} answered more than ${maxAnswer} bytes`);
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
