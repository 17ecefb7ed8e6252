import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../testing/folder.js';
import { BEGINS, importedRecording, rawFolder, traceText } from '../../../testing/recordings.js';

const folder = temporaryFolder('contents-');

/** A program that maps 8 pages at 0x100 and writes two of them; then pages are looked at, 10 µs after the last line of each part. */
const CALLS = `${BEGINS}
7 sys_mmap(addr: 0x0, len: 0x8000, prot: 3, flags: 22, fd: 0xffffffff, off: 0x0) -> 0x100000
@30 7 page_fault_user: address=0x100000 ip=0x1 error_code=0x6
@30 7 page_fault_user: address=0x101000 ip=0x1 error_code=0x6
@31 7 page_fault_user: address=0x102000 ip=0x1 error_code=0x4
@200 7 page_fault_user: address=0x100000 ip=0x1 error_code=0x7
@900 7 sched_process_exit: comm=app pid=7 prio=120`;

/** What a recording with looks becomes. @param counted lines of contents, with a page for each of those that have pages */
async function imported(contents: string, counted: number) {
  const text = traceText(CALLS);
  const path = rawFolder(
    folder(),
    { 'trace.txt': text, 'contents.txt': contents },
    { details: { contents_us: 100 } },
  );
  const { timed, left, meta } = await importedRecording(path, text.split('\n').length - 1 + counted);
  return { events: timed.filter((event) => /write|read/.test(event)), left, meta };
}

const look = (us: number, pid = 7) =>
  `look ${50_000_000_000 + us * 1000} ${50_000_000_000 + us * 1000} ${pid}\n`;

it('a page that holds what the trace does not say is written when that is seen', async () => {
  const { events, left, meta } = await imported(
    [
      `${look(100)}100 2 aa\n102 1 0\n103 1 bb\n`,
      // The same; 100 was written since, and holds it again.
      `${look(300)}100 3\n103 1 0\n`,
    ].join(''),
    2 + 4 + 4,
  );
  expect(events).toEqual([
    '20,write,7:7,256,2,',
    '21,read,7:7,258,1,',
    '90,write,7:7,256,2,=1',
    '90,write,7:7,259,1,=2',
    '190,write,7:7,256,1,',
    '290,write,7:7,256,1,=1',
    '290,write,7:7,259,1,=0',
  ]);
  expect(left).toEqual({ 'empty lines and comments': 1 });
  expect(meta.contents).toBe(
    'of private memory; what has changed is written when seen, looked at every 0.1 ms',
  );
});

it('counts what is not in the trace', async () => {
  const { left } = await imported(
    `${look(100)}500 2 aa\n${look(110, 9)}100 1 aa\ndenied 9\nlarge 7 99999999\n`,
    7,
  );
  expect(left).toEqual({
    'empty lines and comments': 1,
    'contents of pages outside the memory that is followed': 3,
    'looks at contents that this user may not see': 1,
    'mappings that are too large to look at their contents': 1,
  });
});

it('refuses other lines, and says which', async () => {
  const wrong = (contents: string) => imported(contents, 0);
  await expect(wrong('100 1 aa\n')).rejects.toThrow(
    /contents\.txt:1: .*expected a look before the first page/,
  );
  await expect(wrong(`${look(1)}100 1\n`)).rejects.toThrow(
    /contents\.txt:2: .*the page was not looked at before/,
  );
  await expect(wrong(`${look(1)}100 999 aa\n`)).rejects.toThrow(/expected 1 to 256 pages/);
  await expect(wrong('look 1\n')).rejects.toThrow(/contents\.txt:1: is no line of contents/);
});
