import { setTimeout as sleep } from 'node:timers/promises';
import { HostError, InputError } from '../../base/errors.js';

/** Attempts at one request, and the pauses between them, in ms. */
const PAUSES_MS = [200, 500, 1500];
/** Until a piece has to be there. */
const PATIENCE_MS = 60_000;
const HEAD_BYTES = 1 << 16;

/** A file on a server. */
export interface RemoteFile {
  readonly url: string;
  /** Undefined where the server does not answer requests for ranges: it is read from its start to its end. */
  readonly size: number | undefined;
  /** What changes when the file does: an entity tag, or a time. Undefined where the server has neither. */
  readonly validator: string | undefined;
  /** Its first bytes. */
  readonly head: Uint8Array;
}

/** An error that another attempt may not have. */
class Passing extends Error {}

/**
 * Runs a request again where the server or the network fails.
 *
 * @throws HostError where it fails each time
 */
async function attempts<T>(url: string, request: (isLast: boolean) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await request(attempt === PAUSES_MS.length);
    } catch (error) {
      if (error instanceof InputError || error instanceof HostError) throw error;
      if (attempt < PAUSES_MS.length) await sleep(PAUSES_MS[attempt]);
      else throw new HostError(`${url}: cannot be fetched: ${reasonOf(error)}`);
    }
  }
}

/** What `fetch` hides in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code } = cause as NodeJS.ErrnoException;
  return code ?? (cause instanceof Error ? cause.message : String(cause));
}

/** @throws InputError for what is not there, or not ours to read */
async function get(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const answer = await fetch(url, {
    headers: { 'accept-encoding': 'identity', ...headers },
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch((error) => {
    if (error instanceof TypeError && !error.cause) throw new InputError(error.message, { file: url });
    throw error;
  });
  if (answer.ok) return answer;
  await answer.body?.cancel();
  const status = `HTTP ${answer.status} ${answer.statusText}`.trim();
  if (answer.status >= 500 || answer.status === 429) throw new Passing(status);
  throw new InputError(`the server answers ${status}, expected a file`, { file: url });
}

/** Looks at a file on a server. @throws InputError where it is not there, HostError where the server cannot be reached */
export async function lookAt(url: string): Promise<RemoteFile> {
  return attempts(url, async () => {
    const answer = await get(url, { range: `bytes=0-${HEAD_BYTES - 1}` });
    const { headers } = answer;
    const validator = headers.get('etag') ?? headers.get('last-modified') ?? undefined;
    const total = /^bytes 0-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
    if (answer.status === 206 && total !== undefined) {
      const head = new Uint8Array(await answer.arrayBuffer());
      if (head.length !== Math.min(HEAD_BYTES, Number(total))) throw new Passing('the answer was cut short');
      return { url, size: Number(total), validator, head };
    }
    await answer.body?.cancel();
    return { url, size: undefined, validator, head: new Uint8Array() };
  });
}

/**
 * Fetches a range of a file.
 *
 * @param check throws where the bytes are not what they should be: they are fetched again then; what they are after the last
 *   attempt is for their reader to say
 * @throws InputError where the file has changed since `lookAt`, HostError where it cannot be fetched
 */
export async function fetchRange(
  { url, validator }: RemoteFile,
  from: number,
  to: number,
  check: (bytes: Uint8Array) => void = () => undefined,
): Promise<Uint8Array> {
  return attempts(url, async (isLast) => {
    const range = `bytes=${from}-${to - 1}`;
    const same = validator === undefined || validator.startsWith('W/') ? {} : { 'if-range': validator };
    const answer = await get(url, { range, ...same });
    if (answer.status !== 206) {
      await answer.body?.cancel();
      throw new InputError('the file was replaced on the server while it was fetched, try again', {
        file: url,
      });
    }
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length !== to - from) throw new Passing('the answer was cut short');
    try {
      check(bytes);
    } catch (error) {
      if (!isLast) throw new Passing(reasonOf(error));
    }
    return bytes;
  });
}

/** All bytes of a file whose server does not answer requests for ranges. @throws HostError where it is cut short */
export async function* fetchAll({ url }: RemoteFile): AsyncGenerator<Uint8Array> {
  const answer = await attempts(url, () => get(url, {}));
  try {
    for await (const chunk of answer.body!) yield chunk as Uint8Array;
  } catch (error) {
    throw new HostError(`${url}: cannot be fetched: ${reasonOf(error)}`);
  }
}
