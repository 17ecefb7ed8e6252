import fc from 'fast-check';
import { ADVICE, CONTENT_LIMIT, COUNT_LIMIT, DROP_CALLS, ID_LIMIT, PAGE_LIMIT } from '../trace/op.js';
import { TEXT_HEADER } from '../trace/text/fields.js';

const id = fc.oneof(fc.nat(9), fc.integer({ min: 0, max: ID_LIMIT - 1 }));
const page = fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: PAGE_LIMIT - 1 }));
const count = fc.oneof(fc.nat(100), fc.integer({ min: 0, max: COUNT_LIMIT }));
const content = fc.integer({ min: 0, max: CONTENT_LIMIT - 1 });
const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);
const space = fc.oneof(
  id.map((s) => `${s}`),
  fc.tuple(id, id).map(([s, t]) => `${s}:${t}`),
);
const contents = fc.oneof(
  content.map((n) => `=${n}`),
  content.map((n) => `=${n}+`),
);
const label = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });

const codePoint = fc
  .integer({ min: 0, max: 0x10ffff })
  .filter((point) => point < 0xd800 || point > 0xdfff)
  .map((point) => String.fromCodePoint(point));

/** Texts of any code points but surrogates, as those of `unit: 'binary'`, which takes a second to be made. */
export const anyText: fc.Arbitrary<string> = fc.string({ unit: codePoint });

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function subset(flags: readonly string[]): fc.Arbitrary<string> {
  return fc.subarray([...flags]).map((some) => some.map((flag) => ` ${flag}`).join(''));
}

const objectArg = fc
  .tuple(
    fc.constantFrom('shmem', 'file', 'xip', 'xip+struct', 'pfn'),
    name,
    fc.option(contents),
    subset(['sealed', 'nofd']),
  )
  .map(([kind, n, c, flags]) => `${kind}:${n}${c === null ? '' : ` ${c}`}${flags}`);
const mapArg = fc
  .tuple(
    fc.oneof(
      fc.constantFrom('anon', 'anon-shared'),
      fc.tuple(fc.constantFrom('shared', 'private'), name, page).map(([k, n, p]) => `${k}:${n}@${p}`),
    ),
    subset(['ro', 'rofd', 'exec', 'locked', 'random', 'sequential', 'droppable', 'populate']),
  )
  .map(([what, flags]) => `${what}${flags}`);

/** Everything of an event behind its time. */
const event: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(space, page, count, fc.boolean())
      .map(([s, p, c, down]) => `read,${s},${p},${down && c > 0 ? -c : c},`),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(space, page, count, fc.option(contents))
      .map(([s, p, c, w]) => `write,${s},${p},${c},${w ?? ''}`),
  },
  fc.tuple(id, fc.option(name)).map(([s, n]) => `spawn,${s},,,${n ?? ''}`),
  fc.tuple(id, id).map(([s, c]) => `fork,${s},,,${c}`),
  id.map((s) => `exit,${s},,,`),
  fc.tuple(count, objectArg).map(([c, a]) => `object,,,${c},${a}`),
  name.map((n) => `close,,,,${n}`),
  fc.tuple(space, page, count, mapArg).map(([s, p, c, a]) => `map,${s},${p},${c},${a}`),
  fc
    .tuple(fc.constantFrom('unmap', 'lock', 'unlock', 'discard', 'pin'), space, page, count)
    .map(([o, s, p, c]) => `${o},${s},${p},${c},`),
  fc
    .tuple(space, page, count, fc.constantFrom(...DROP_CALLS))
    .map(([s, p, c, call]) => `discard,${s},${p},${c},${call}`),
  fc.tuple(space, page, count, page).map(([s, p, c, t]) => `remap,${s},${p},${c},to=${t}`),
  fc
    .tuple(space, page, count, fc.constantFrom('ro', 'rw', 'none'))
    .map(([s, p, c, a]) => `protect,${s},${p},${c},${a}`),
  fc
    .tuple(page, count, name, fc.option(contents))
    .map(([p, c, n, w]) => `pwrite,,${p},${c},${n}${w === null ? '' : ` ${w}`}`),
  fc.tuple(space, page, count, name).map(([s, p, c, n]) => `pread,${s},${p},${c},${n}`),
  fc
    .tuple(space, page, count, count, name)
    .map(([s, p, c, ns, n]) => `unpin,${s},${p},${c},regen_ns=${ns} id=${n}`),
  fc
    .tuple(space, page, count, fc.constantFrom(...ADVICE))
    .map(([s, p, c, a]) => `madvise,${s},${p},${c},${a}`),
  fc
    .tuple(page, count, name, count, count)
    .map(([p, c, n, b, l]) => `fallocate,,${p},${c},punch:${n}@${b}+${l}`),
  fc.tuple(count, name).map(([c, n]) => `truncate,,,${c},${n}`),
  fc.option(count).map((c) => `limit,,,${c ?? ''},`),
  fc.constantFrom(
    'set,,,,vm.swappiness=60',
    'prctl,1,,,merge=1',
    'prctl,1,,,thp_disable=1',
    'spawn,9,,,web cgroup=a/b',
    'cgroup,9,,,/',
    'cgroup,,,,a/b memory.max=64 memory.high=max memory.reclaim=5',
    'pressure,,,,critical',
    'sync,,,,a',
    'migrate,,0,1,xip:a',
  ),
  label.map((text) => `mark,,,,${quoted(text)}`),
);

/** Canonical text of a trace: every op, texts that need quotes, numbers up to their limits. */
export function canonicalTrace(): fc.Arbitrary<string> {
  const times = fc.array(fc.oneof(fc.nat(5), fc.nat(2 ** 31)), { maxLength: 30 });
  const meta = fc.uniqueArray(fc.tuple(fc.constantFrom('source', 'command', 'seed', 'note'), name), {
    selector: ([key]) => key,
  });
  return fc.tuple(meta, times, fc.infiniteStream(event)).map(([pairs, steps, events]) => {
    let now = 0;
    const lines = steps.map((step) => {
      now += step;
      return `${now},${events.next().value}\n`;
    });
    return `${pairs.map(([key, value]) => `# ${key}: ${value}\n`).join('')}${TEXT_HEADER}\n${lines.join('')}`;
  });
}
