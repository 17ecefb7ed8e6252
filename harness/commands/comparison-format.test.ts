import { describe, expect, it } from 'vitest';
import { comparisonFormat } from './comparison-format.js';

describe('--format of compare and merge', () => {
  it('is what is printed, and whether there are files of Parquet', () => {
    expect(comparisonFormat('table')).toEqual({ printed: 'table', parquet: false });
    expect(comparisonFormat('json')).toEqual({ printed: 'json', parquet: false });
    expect(comparisonFormat('parquet')).toEqual({ printed: 'table', parquet: true });
    expect(comparisonFormat('parquet,csv')).toEqual({ printed: 'csv', parquet: true });
  });

  it('is refused where it is not known, or more than can be printed', () => {
    expect(() => comparisonFormat('jsno')).toThrow(/format "jsno".*table, json, csv.*parquet/);
    expect(() => comparisonFormat('json,csv')).toThrow(
      '--format json,csv names several that are printed, expected one of table, json, csv',
    );
  });
});
