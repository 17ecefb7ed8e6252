import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DRAW_COLUMNS, RUN_COLUMNS } from '../metrics/files.js';
import { memoryFolder, temporaryFolder } from '../testing/folder.js';
import { type Edit, edits, fooledBy, MANIFEST_PATHS } from '../testing/gate-edits.js';
import { propertyRuns } from '../testing/property-runs.js';

const folder = temporaryFolder('reclaim-edits-', memoryFolder());

it('no edit of one value of either side passes as equal', () => {
  fc.assert(
    fc.property(edits, (edit) => {
      expect(fooledBy(folder(), edit), JSON.stringify(edit)).toBeUndefined();
    }),
    { numRuns: propertyRuns(500) },
  );
});

it('the folders without an edit do', () => {
  const none: Edit = { side: 'candidate', row: 0, column: 'cell', text: '1' };
  expect(fooledBy(folder(), none)).toBe('passes as equal');
});

it('of no column of draws.csv, by one', () => {
  for (const side of ['baseline', 'candidate'] as const)
    for (const column of DRAW_COLUMNS) {
      const edit: Edit = { side, row: 1, draw: 1, column, text: '4711' };
      expect(fooledBy(folder(), edit), JSON.stringify(edit)).toBeUndefined();
    }
});

it('of no value of manifest.json, by another text or number', () => {
  for (const side of ['baseline', 'candidate'] as const)
    for (const column of MANIFEST_PATHS)
      for (const text of ['4711', '"other"']) {
        const edit: Edit = { side, row: 0, column, inManifest: true, text };
        expect(fooledBy(folder(), edit), JSON.stringify(edit)).toBeUndefined();
      }
});

it('of no column, by one more', () => {
  for (const side of ['baseline', 'candidate'] as const)
    for (const column of RUN_COLUMNS) {
      const edit: Edit = { side, row: 1, column, text: '4711' };
      expect(fooledBy(folder(), edit), JSON.stringify(edit)).toBeUndefined();
    }
});

it('what is within its tolerance passes, and is told', () => {
  const edit: Edit = { side: 'candidate', row: 0, column: 'pgfault', text: '999' };
  expect(fooledBy(folder(), edit)).toBeUndefined();
});
