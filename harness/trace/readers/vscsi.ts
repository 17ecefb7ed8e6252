import { InputError } from '../../base/errors.js';
import { peekBytes } from '../io/peek.js';
import type { LineAccount } from './account.js';
import { FIT, misfit, type RequestReader } from './reader.js';
import { type RecordDecoder, readRecords } from './scan/records.js';
import { DOES, scsiKind } from './table/operations.js';

/** Where the fields of a record are, in words of 4 bytes. The version is in the upper half of the word of the command. */
interface Layout {
  readonly bytes: number;
  readonly command: number;
  readonly length: number;
  readonly block: number;
  readonly time: number;
}

/** By version: 1 is {sn, len, nSG, cmd + ver, lbn, ts}, 2 is {cmd + ver, sn, len, nSG, lbn, ts, rt}. */
const LAYOUTS: Readonly<Record<number, Layout>> = {
  1: { bytes: 32, command: 3, length: 1, block: 4, time: 6 },
  2: { bytes: 40, command: 0, length: 2, block: 4, time: 6 },
};
/** Records looked at to tell the version, as libCacheSim does. */
const LOOKED_AT = 2;

/** What commands do, of DOES, by their codes. */
const KINDS = Uint8Array.from({ length: 256 }, (_, code) => scsiKind(code));

/** A code as it is usually written. */
function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}

function hasVersion(head: Uint8Array, version: number, layout: Layout): boolean {
  const records = Math.min(LOOKED_AT, Math.floor(head.length / layout.bytes));
  for (let i = 0; i < records; i++)
    if (head[i * layout.bytes + layout.command * 4 + 3] !== version) return false;
  return records > 0;
}

function versionOf(head: Uint8Array): number | undefined {
  return [2, 1].find((version) => hasVersion(head, version, LAYOUTS[version]!));
}

function decoder(version: number, layout: Layout, account: LineAccount): RecordDecoder {
  const step = layout.bytes / 4;
  return (words, records, batch, fail) => {
    let length = 0;
    for (let i = 0, at = 0; i < records; i++, at += step) {
      const command = words[at + layout.command]!;
      if (command >>> 24 !== version)
        fail(i, `is of version ${command >>> 24}, expected ${version} as the first`);
      const does = KINDS[command & 0xff]!;
      if (does === DOES.other) {
        account.leave(`SCSI commands ${hex(command & 0xff)}`);
        continue;
      }
      batch.low[length] = words[at + layout.block]!;
      batch.high[length] = words[at + layout.block + 1]!;
      batch.size[length] = words[at + layout.length]!;
      batch.time[length] = words[at + layout.time]! + words[at + layout.time + 1]! * 2 ** 32;
      batch.write[length] = does === DOES.write ? 1 : 0;
      length++;
    }
    batch.length = length;
  };
}

export const vscsi: RequestReader = {
  yields: 'requests',
  name: 'vscsi',
  summary:
    'CloudPhysics: binary records of SCSI commands, 32 bytes (version 1: sn, len, nSG, cmd, ver, lbn, ts) or 40 (version 2: cmd, ver, sn, len, nSG, lbn, ts, rt); READ and WRITE, other commands are left out',
  extensions: ['.vscsi', '.vscsitrace'],
  source: 'https://github.com/1a1a11a/libCacheSim, traceReader/customizedReader/vscsi.h',
  parameters: {},
  sides: {},
  kind: 'block',
  idBytes: 512,
  timed: true,
  detect: (head) =>
    versionOf(head) === undefined
      ? misfit('the first binary records have an unknown version, expected 1 or 2')
      : { fit: FIT.likely },
  async *read(input) {
    const { head, all } = await peekBytes(input.bytes, LOOKED_AT * 40);
    const version = versionOf(head);
    if (head.length > 0 && version === undefined)
      throw new InputError('the first records have an unknown version, expected vscsi 1 or 2', {
        file: input.file,
      });
    const known = version ?? 1;
    const layout = LAYOUTS[known]!;
    yield* readRecords({ ...input, bytes: all }, layout.bytes, decoder(known, layout, input.account));
  },
};
