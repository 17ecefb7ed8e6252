import { printable } from '../../../base/printable.js';
import { TraceMeta } from '../../meta.js';
import type { FollowedLog } from '../calls/follow.js';
import type { Manifest } from './manifest.js';

/** What a trace says of its accesses, by what was recorded of them; nothing where there are none. */
const TOUCHES: Readonly<Record<Manifest['accesses'], string | undefined>> = {
  none: undefined,
  faults: 'first-access',
  'directed-faults': 'first-access',
  pages: 'recorded',
};

/** Version and patch level of a kernel's release, as `6.1`: the rest may name who built it, and does not belong into a trace. */
export function kernelVersion(release: string): string {
  return /^\d+\.\d+/.exec(release)?.[0] ?? release;
}

/** What the metadata of the trace of a recording says of how it came to be. */
export function metadata(manifest: Manifest, log: FollowedLog): TraceMeta {
  const { accesses, engine, kernel, program, lost_events: lost } = manifest;
  const meta = new TraceMeta([
    ['page_size', String(manifest.page_size)],
    ['clock', clockText(manifest, log)],
    ['provenance', 'recorded'],
    ['recorder', printable(`${engine} on Linux ${kernelVersion(kernel)}`.trim())],
    ['command', printable((program.command ?? [program.file]).join(' ').trim())],
  ]);
  const touches = TOUCHES[accesses];
  if (touches !== undefined) meta.set('touches', touches);
  if (log.drops.size > 0)
    meta.set('drops', [...log.drops].map(([call, count]) => `${call} ${count}`).join(', '));
  const { every_us: everyUs = 0, sample = 1, contents_us: contentsUs = 0 } = manifest.details;
  if (Number(everyUs) > 0) meta.set('every', `${Number(everyUs) / 1000} ms`);
  if (Number(contentsUs) > 0) {
    const which =
      engine === 'valgrind'
        ? 'what the last write left'
        : 'of private memory; what has changed is written when seen';
    meta.set('contents', `${which}, looked at every ${Number(contentsUs) / 1000} ms`);
  }
  if (Number(sample) > 1) meta.set('sample', `1/${sample}`);
  if (lost > 0) meta.set('lost_events', String(lost));
  const notes = notesOf(manifest, log);
  if (notes.length > 0) meta.set('note', notes.join('; '));
  return meta;
}

function clockText({ clocks, slowdown, accesses }: Manifest, { startUs, clock }: FollowedLog): string {
  const { monotonic_ns: monotonic, realtime_ns: realtime } = clocks.start;
  const sinceEpochUs =
    clock === 'epoch' ? startUs : startUs + Number((BigInt(realtime) - BigInt(monotonic)) / 1000n);
  const at = new Date(sinceEpochUs / 1000);
  const began = Number.isNaN(at.getTime()) ? '' : `, at ${at.toISOString()}`;
  const slower = slowdown === undefined ? '' : `, ${slowdown} times slower`;
  const under = accesses === 'pages' ? `, of the program under valgrind${slower}` : '';
  return `microseconds since the first call${began}${under}`;
}

/** What is not in a trace that one would look for. */
function notesOf({ accesses, program, attached }: Manifest, { drafts, unmatched }: FollowedLog): string[] {
  const notes: string[] = [];
  const forks = drafts.filter((draft) => draft.kind === 'event' && draft.op === 'fork').length;
  if (accesses === 'none') notes.push('accesses are not in it');
  if (accesses === 'faults' || accesses === 'directed-faults')
    notes.push('accesses are those that faulted: repeated ones are not in it');
  if (accesses !== 'pages' && accesses !== 'none' && forks > 0)
    notes.push(
      `first accesses of forked processes to pages that they inherited are possible without a fault (${forks} forks)`,
    );
  if (unmatched > 0)
    notes.push(`${unmatched} shared mappings of files or of segments that are not known are left out`);
  if (program.command === undefined)
    notes.push(
      `it begins in the middle of ${attached.length === 1 ? 'a process' : `${attached.length} processes`}`,
    );
  return notes;
}
