import { ROLE, type Role, type TimeUnit } from './layout.js';
import { DOES, type Does } from './operations.js';

/** What the name of a column says. */
export interface NamedColumn {
  readonly role: Role;
  /** Of times, where the name says it. */
  readonly unit?: TimeUnit;
  /** Of ids that are places: bytes of a unit. */
  readonly idBytes?: number;
  /** Of ids: whether they are places on a disk or in memory, which are numbers. */
  readonly place?: boolean;
  /** Of sizes: bytes of a unit. */
  readonly sizeBytes?: number;
  /** Of operations: what a yes (1, true) does, where the name says it. */
  readonly yes?: Does;
}

const UNITS: readonly (readonly [unit: TimeUnit, names: string])[] = [
  ['ns', 'ns|nsecs?|nanos|nanoseconds?'],
  ['us', 'us|µs|μs|usecs?|micros|microseconds?'],
  ['ms', 'ms|msecs?|millis|milliseconds?'],
  ['s', 's|secs?|seconds?'],
];
const TIME =
  /^(t|ts|tv|time|times|time_?stamp|date|date_?time|epoch|clock|unix_?time|relative_?(unix|time)|(clock|op|start|req|request|arrival|issue|access|event|begin|submit|arrive|io|log)_?(time|timestamp|ts))$/;

const SECTOR_BYTES = 512;
const PAGE_BYTES = 4096;
/** Places, by the bytes that one unit stands for; undefined where the name does not say it. */
const PLACES: readonly (readonly [names: RegExp, idBytes: number | undefined])[] = [
  [/^(lbn|lba|(start|first|logical)?_?(sector|lba|lbn)s?(_?(num|number|no|addr|address))?)$/, SECTOR_BYTES],
  [/^((page|frame)(_?(num|number|no|id))?|pfn|vpn|ppn)$/, PAGE_BYTES],
  [/^((byte|start|io|file|disk)?_?offset(_?(bytes?|b))?|start_?byte)$/, 1],
  [/^((v|virtual|p|physical|phys|mem|memory|data|access)?_?(addr|address))$/, 1],
  [/^((block|blk)(_?(num|number|no|addr|address))?|start_?(block|blk))$/, undefined],
];
const OBJECT =
  /^((anonymi[sz]ed_?)?((obj|object|cache|item|content|video|block|chunk|blob|doc|document|media|photo|file)?_?(id|key|hash)s?)|obj|object|(hashed_?)?(host_?)?(path|url|uri)(_?query)?|(file|path)_?name|uuid|guid|md5|sha(1|256)|digest|fingerprint)$/;
const SIZE =
  /^((obj|object|block|req|request|io|item|content|cache|chunk|transfer|xfer|data|value|val)?_?(size|sz|len|length|bytes|nbytes)(_?(in_?)?(bytes?|b))?|(num|n)_?bytes|byte_?count)$/;
const SECTORS =
  /^((size|len|length|num|n|nr)_?(in_?)?(sectors?|secs?)|sectors|(sector|sec)_?(count|cnt|len|length))$/;
const KIB = /^((obj|object|req|request|io)?_?(size|len|length)_?(in_?)?(kib|kb|k))$/;
const OP =
  /^(op|ops|op_?code|operation|op_?(type|name)|operation_?(type|name)|cmd|command|scsi_?(op|cmd|command)|type|rw|r_?w|rwbs|rwflag|io|io_?(type|op)|(req|request)_?type|(access|request|req)_?(type|op)|method|verb|action)$/;
const VOLUME =
  /^((vol|volume|lun|dev|device|disk|drive|asu|bdev|namespace|nsid|bucket)(_?(id|name|num|number|no))?)$/;

/** A name in lower case with `_` between its words: `cacheKey` is cache_key, and `Time (ms)` time_ms. */
export function plainName(name: string): string {
  return name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[\s\-./[\](){}]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

/** A column of times, by its name; undefined for another. */
function timeColumn(name: string): NamedColumn | undefined {
  if (TIME.test(name)) return { role: ROLE.time };
  for (const [unit, names] of UNITS) {
    if (new RegExp(`^(${names})$`).test(name) && name !== 's') return { role: ROLE.time, unit };
    const [, base] = new RegExp(`^(.+?)_(?:in_)?(?:${names})$`).exec(name) ?? [];
    if (base !== undefined && TIME.test(base)) return { role: ROLE.time, unit };
  }
  return undefined;
}

function idColumn(name: string): NamedColumn | undefined {
  for (const [names, idBytes] of PLACES)
    if (names.test(name))
      return { role: ROLE.id, place: true, ...(idBytes === undefined ? {} : { idBytes }) };
  return OBJECT.test(name) ? { role: ROLE.id } : undefined;
}

/** What a column is, by its name in a header; undefined where that says nothing that is read. */
export function namedColumn(header: string): NamedColumn | undefined {
  const name = plainName(header);
  if (name === 'op_count') return { role: ROLE.count };
  if (OP.test(name)) return { role: ROLE.op };
  if (/^is_?write$/.test(name)) return { role: ROLE.op, yes: DOES.write };
  if (/^is_?read$/.test(name)) return { role: ROLE.op, yes: DOES.read };
  if (VOLUME.test(name)) return { role: ROLE.volume };
  if (SECTORS.test(name)) return { role: ROLE.size, sizeBytes: SECTOR_BYTES };
  if (KIB.test(name)) return { role: ROLE.size, sizeBytes: 1024 };
  if (SIZE.test(name)) return { role: ROLE.size };
  return timeColumn(name) ?? idColumn(name);
}
