import { describe, expect, it } from 'vitest';
import { scan } from '../../testing/traces.js';
import { ArgCache } from '../../trace/arg-cache.js';
import { NONE } from './pending.js';
import { ClosedSchedule } from './schedule.js';

/** Stalls of events in µs, by their lines in the list; 0 where none is given. */
type Stalls = Readonly<Record<number, number>>;

/** Runs a schedule whose events stall as given. Returns `number@µs` of each event as it is carried out, and the schedule. */
function scheduled(lines: readonly string[], stalls: Stalls, most?: number, blockEvents = lines.length) {
  const { blocks, scanner } = scan(`time_us,op,space,page,count,arg\n${lines.join('\n')}\n`);
  const schedule = new ClosedSchedule(Number(lines[0]!.split(',')[0]), new ArgCache(scanner.strings), most);
  const done: string[] = [];
  const goOn = () => {
    for (let row = schedule.next(); row !== NONE; row = schedule.next()) {
      const number = schedule.block.firstLine + row - 2;
      done.push(`${number}@${schedule.timeUs}`);
      schedule.done(1000 * (stalls[number] ?? 0));
    }
  };
  const [whole] = blocks;
  for (let from = 0; from < whole!.length; from += blockEvents) {
    const part = slice(whole!, from, Math.min(whole!.length, from + blockEvents));
    schedule.load(part);
    goOn();
  }
  schedule.complete();
  goOn();
  return { done: done.join(' '), schedule };
}

/** Some rows of a block as one of their own. */
function slice(block: ReturnType<typeof scan>['blocks'][number], from: number, to: number) {
  const columns = Object.entries(block).map(([name, column]) => [
    name,
    typeof column === 'number' ? column : column.slice(from, to),
  ]);
  return { ...Object.fromEntries(columns), length: to - from, firstLine: block.firstLine + from };
}

const SET_UP = ['0,spawn,1,,,', '0,map,1,0,100,anon'];

describe('a thread that stalls', () => {
  it('delays its own later events, and no access of another thread', () => {
    const lines = [...SET_UP, '10,read,1:1,0,1,', '20,read,1:1,1,1,', '20,read,1:2,2,1,', '40,read,1:1,3,1,'];
    // Line 2 takes 15 µs: the next of its thread comes 10 µs after it is over, as in the trace, and so on.
    expect(scheduled(lines, { 2: 15 }).done).toBe('0@0 1@0 2@10 4@20 3@35 5@55');
    // So long that another thread comes first; the run ends with the last stall.
    const { schedule } = scheduled(lines, { 2: 15, 5: 7 });
    expect(schedule.runNs).toBe(62_000);
  });

  it('lets a change of memory wait for accesses before it, and those after it for the change', () => {
    const lines = [
      ...SET_UP,
      '10,write,1:1,0,4,',
      '11,write,1:1,0,4,',
      '12,discard,1:2,0,2,',
      '13,discard,1:2,50,2,',
      '14,read,1:3,1,1,',
      '14,read,1:4,9,1,',
    ];
    // Line 3 comes at 111; the discard of its pages waits for it, and the read of what is discarded for that; line 7 for none.
    expect(scheduled(lines, { 2: 100 }).done).toBe('0@0 1@0 2@10 7@14 3@111 4@111 6@111 5@112');
  });

  it('holds back all that a limit comes before', () => {
    const lines = [
      ...SET_UP,
      '10,read,1:1,0,1,',
      '20,limit,,,50,',
      '20,read,1:2,1,1,',
      '21,mark,,,,late',
      '30,read,1:1,1,1,',
    ];
    expect(scheduled(lines, { 2: 100 }).done).toBe('0@0 1@0 2@10 3@110 4@110 5@110 6@130');
  });

  it('passes its delay on to a space that it forks, and to threads that begin later', () => {
    const lines = [
      ...SET_UP,
      '10,read,1:1,0,1,',
      '20,fork,1:1,,,2',
      '25,read,2:7,0,1,',
      '30,read,1:2,0,1,',
      '40,spawn,3,,,',
      '40,exit,3,,,',
    ];
    // Thread 1:2 begins as late as 1:0, the first of its space, which did not stall, and waits for the fork alone.
    expect(scheduled(lines, { 2: 100 }).done).toBe('0@0 1@0 2@10 6@40 7@40 3@120 5@120 4@125');
  });

  it('leaves labels where they are in the trace, and delays nothing for them', () => {
    const lines = [...SET_UP, '10,read,1:1,0,1,', '15,mark,,,,phase', '20,read,1:1,1,1,', '30,read,1:2,1,1,'];
    expect(scheduled(lines, { 2: 100 }).done).toBe('0@0 1@0 2@10 3@15 5@30 4@120');
  });
});

describe('a trace that is longer than what may wait', () => {
  const lines = [
    ...SET_UP,
    '1,read,1:1,0,1,',
    ...Array.from({ length: 20 }, (_, i) => `${i + 2},read,1:${1 + (i % 2)},0,1,`),
  ];

  it('is carried out in one order, however it is cut into blocks', () => {
    const whole = scheduled(lines, { 2: 30 });
    expect(scheduled(lines, { 2: 30 }, undefined, 3).done).toBe(whole.done);
    expect(whole.schedule.late).toBe(0);
  });

  it('goes on where too many events wait, and counts those that come late', () => {
    const { done, schedule } = scheduled(lines, { 2: 30 }, 4, 1);
    expect(done.split(' ')).toHaveLength(lines.length);
    expect(schedule.late).toBeGreaterThan(0);
    const times = done.split(' ').map((one) => Number(one.split('@')[1]));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});
