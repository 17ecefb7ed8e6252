import { it } from 'vitest';
import { ResultsFolder } from '../metrics/results.js';
import { traceFacts } from './facts.js';
import { comparisonText } from './text.js';
it('x', () => {
  const r = ResultsFolder.open(process.env.RESULTS!);
  const traces = r.manifest.traces.map(traceFacts);
  const t0 = Date.now();
  const text = comparisonText({ runs: r.rows('runs.csv'), spaces: r.rows('spaces.csv'), traces }, { look: { columns: Number(process.env.COLS ?? 80), colour: false }, full: process.env.FULL === '1' });
  console.log(text);
  console.log(Date.now() - t0, 'ms', Math.max(...text.split('\n').map((l) => l.length)), 'columns', text.split('\n').length, 'lines');
});
