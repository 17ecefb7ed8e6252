/** The header line of the text form. */
export const TEXT_HEADER = 'time_us,op,space,page,count,arg';

export const BYTE = {
  lf: 10,
  cr: 13,
  space: 32,
  quote: 34,
  hash: 35,
  plus: 43,
  comma: 44,
  minus: 45,
  zero: 48,
  colon: 58,
  equals: 61,
} as const;
