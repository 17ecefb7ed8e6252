import { InputError } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import { type Parameters, type ParameterValues, parseParameters } from '../../../base/parameters.js';
import { parsePairs } from '../../../base/parse.js';
import type { TraceSource } from '../../source.js';
import type { LineAccount } from '../account.js';
import { type FollowOptions, followLog } from '../calls/follow.js';
import { DROPS_BECOME } from '../calls/scene.js';
import { withAttached } from './attached.js';
import { WithContents } from './contents.js';
import { RawFolder } from './folder.js';
import { type Manifest, readManifest } from './manifest.js';
import { metadata } from './metadata.js';
import type { RawRecording } from './source.js';
import { StraceRecording } from './strace.js';
import { TracefsRecording } from './tracefs/recording.js';
import { ValgrindRecording } from './valgrind/recording.js';
import { RecordingWriter } from './writer.js';

/** What `--reader recording:key=value` may say. */
const PARAMETERS: Parameters = {
  drops: {
    kind: 'choice',
    default: 'discard',
    choices: DROPS_BECOME,
    meaning:
      'what becomes of calls that drop contents (MADV_DONTNEED and MADV_FREE on private memory, MADV_REMOVE, holes): discard, which discard policies act on, labelled with the call; or the call itself',
  },
};

/** The reader of raw folders of `reclaim record`. It is not among `READERS`, which read files. */
export const recording = {
  name: 'recording',
  summary: 'a folder of reclaim record --keep-raw: calls and accesses of a program, with manifest.json',
  source: 'harness/record/README.md',
  parameters: PARAMETERS,
  wanted: 'a recording of a program that maps memory: reclaim record OUT -- CMD',
} as const;

/**
 * The values of its parameters.
 *
 * @param spec `recording` or `recording:key=value,…`; undefined for defaults
 * @throws InputError for another reader, and for a key or value that is not known
 */
export function recordingValues(spec: string | undefined): ParameterValues {
  const [, name = recording.name, given] = /^([^:]*)(?::(.*))?$/s.exec(spec ?? recording.name) ?? [];
  if (name !== recording.name)
    throw new InputError(
      `this folder is a recording, and reader ${name} reads files; expected --reader recording`,
    );
  const pairs = given === undefined ? {} : parsePairs(given.split(','), `"${spec}"`);
  return parseParameters(`reader ${name}`, PARAMETERS, pairs);
}

/** A raw folder as a trace that is being produced. */
export interface RecordingSource extends TraceSource {
  /** Counts the lines and records of the folder's files; complete once all blocks have been taken. */
  readonly account: LineAccount;
}

/** The recording in a raw folder, by its engine. */
function recordingOf(folder: RawFolder, manifest: Manifest): RawRecording {
  if (manifest.engine === 'valgrind') return new ValgrindRecording(folder, manifest);
  const { engine, details } = manifest;
  const recording =
    engine === 'tracefs' ? new TracefsRecording(folder, manifest) : new StraceRecording(folder, manifest);
  return Number(details.contents_us ?? 0) > 0 ? new WithContents(recording, folder, manifest) : recording;
}

/**
 * Opens a raw folder as a trace. Its calls are read first; then its accesses are read while blocks are taken, so that no
 * more than a batch of them is in memory. Needs no privilege, and nothing of the host that it was recorded on.
 *
 * @param path the folder
 * @param values of `recording.parameters`
 * @throws InputError with the file and the line of what is wrong
 */
export async function openRecording(path: string, values: ParameterValues): Promise<RecordingSource> {
  const folder = new RawFolder(path);
  const { account } = folder;
  const manifest = readManifest(path);
  if (manifest.page_size !== PAGE_BYTES)
    throw new InputError(`pages of ${manifest.page_size} bytes, expected ${PAGE_BYTES}`, { file: path });
  const raw = recordingOf(folder, manifest);
  const calls = withAttached(await raw.calls(), manifest);
  if (calls.calls.length === 0)
    throw new InputError('no calls of the program in this recording, expected some', { file: path });
  const drops = values.drops as FollowOptions['drops'];
  const log = followLog(calls, { memory: 'all', drops, marks: [] }, account);
  const writer = new RecordingWriter(raw, { calls, log }, account);
  return {
    meta: metadata(manifest, log),
    strings: writer.builder.strings,
    blocks: () => writer.blocks(),
    account,
  };
}
