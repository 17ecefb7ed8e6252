import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvRows } from '../metrics/csv.js';
import { type Moment, TIMELINE_COLUMNS } from '../metrics/files.js';
import { momentOf } from '../testing/results.js';
import { momentsJson, momentsOf, packed, TimelineTexts, timelineRows } from './moments.js';

const moments = fc.array(
  fc
    .record({
      time_us: fc.nat(),
      label: fc.oneof(fc.constant(''), fc.string()),
      limit_pages: fc.option(fc.nat()),
      footprint_pages: fc.double({ noNaN: true, noDefaultInfinity: true }),
      psi_full_avg10: fc.double({ min: 0, max: 100, noNaN: true }),
    })
    .map(momentOf),
  { maxLength: 20 },
);

/** Rows as files have them. */
const written = (rows: Iterable<object>) => JSON.stringify([...rows]);

it('the rows of a cell are those that were packed, also after they were kept as JSON', () => {
  fc.assert(
    fc.property(moments, fc.nat(), (rows: readonly Moment[], cell) => {
      const expected = written(rows.map((row) => ({ cell, ...row })));
      const held = packed(rows);
      expect(written(timelineRows(cell, held))).toBe(expected);
      const read = momentsOf(JSON.parse(momentsJson(held)));
      expect(read).toEqual(held);
      expect(written(timelineRows(cell, read!))).toBe(expected);
    }),
  );
});

it('the lines of cells are those of their rows, also where several have one timeline between them', () => {
  fc.assert(
    fc.property(moments, fc.array(fc.nat(), { minLength: 1 }), (rows: readonly Moment[], cells) => {
      const held = packed(rows);
      const texts = new TimelineTexts();
      for (const cell of cells)
        expect(texts.of(cell, held)).toBe(csvRows(TIMELINE_COLUMNS, [...timelineRows(cell, held)]));
    }),
  );
});

it('what is not a timeline is refused', () => {
  const { labels, numbers } = JSON.parse(momentsJson(packed([momentOf({ label: 'a' })])));
  expect(momentsOf({ labels, numbers })).toBeDefined();
  for (const other of [
    null,
    [],
    { labels },
    { labels: [[0]], numbers },
    { labels: [['0', 'a']], numbers },
    { labels, numbers: numbers.slice(1) },
    { labels, numbers: numbers.with(3, '0') },
  ])
    expect(momentsOf(other)).toBeUndefined();
});
