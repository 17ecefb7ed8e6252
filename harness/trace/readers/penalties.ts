import { LineAccount } from './account.js';
import { addAccess } from './address.js';
import { FIT, type RequestReader } from './reader.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

/** Penalties are durations of a cache, which is simulated here. */
function scanner(account: LineAccount): LineScanner {
  return (cursor, batch) => {
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    addAccess(cursor, batch);
    for (const penalty of ['a penalty of a hit', 'a penalty of a miss']) {
      cursor.gap(`a space and ${penalty}`);
      cursor.seconds(penalty);
    }
    account.remark('penalties of hits and misses, which are not used');
    cursor.endLine();
  };
}

export const penalties: RequestReader = {
  yields: 'requests',
  name: 'penalties',
  summary:
    'Caffeine: l|s 0xADDRESS n HIT MISS: as address, with the durations of a hit and of a miss, which are not used',
  extensions: ['.penalties', '.trace'],
  source:
    'https://github.com/ben-manes/caffeine, simulator/…/parser/address/penalties/AddressPenaltiesTraceReader.java',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: false,
  detect: (head) =>
    detectLines(
      head,
      /^[ls] 0x[0-9a-f]+ \d+ \d+(\.\d+)? \d+(\.\d+)?\s*$/i,
      FIT.certain,
      scanner(new LineAccount()),
    ),
  read: (input) => readLines(input, scanner(input.account)),
};
