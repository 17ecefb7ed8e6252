import { describe, expect, it } from 'vitest';
import { placeLabels } from './client/labels.js';

describe('labels of marks', () => {
  const panel = { width: 100, height: 60 };
  const place = (marks: Parameters<typeof placeLabels>[0]) =>
    placeLabels(marks, panel, (text) => text.length * 4);

  it('stand next to their mark, inside the panel', () => {
    expect(place([{ x: 6, y: 30, text: 'edge' }])).toEqual([{ x: 11, y: 30, text: 'edge' }]);
    expect(place([{ x: 10, y: 30, text: 'left' }])).toEqual([{ x: 2, y: 21, text: 'left' }]);
    expect(place([{ x: 95, y: 30, text: 'right' }])).toEqual([{ x: 70, y: 30, text: 'right' }]);
  });

  it('touch neither marks nor each other, and are left out where there is no room', () => {
    const marks = Array.from({ length: 8 }, (_, i) => ({ x: 50, y: 4 + 7 * i, text: 'some name' }));
    const placed = place(marks);
    expect(placed.length).toBeGreaterThan(1);
    for (const [i, a] of placed.entries()) {
      for (const b of placed.slice(i + 1))
        expect(Math.abs(a.y - b.y) >= 8 || Math.abs(a.x - b.x) >= 36).toBe(true);
    }
    expect(place([{ x: 50, y: 30, text: 'x'.repeat(30) }])).toEqual([]);
  });
});
