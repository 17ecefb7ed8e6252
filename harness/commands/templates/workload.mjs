// A workload of your own: prints a trace, which reclaim compare reads from standard input. The format is in traces/README.md of the package.
// This one is a cache of images: each is read while its page is shown, given up when the next is opened, and made again when it
// is opened once more.

const IMAGES = 40;
const PAGES = 256; // 1 MiB each
const VIEWS = 400;

/** Seeded draws (Mulberry32), so that the same trace comes out each time. */
function draws(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = draws(Number(process.argv[2] ?? 1));
// Where it comes from stands in the header: it was not measured.
const lines = ['# provenance: synthetic', 'time_us,op,space,page,count,arg'];
// One space (a process), and an object that it maps: shared memory, as of a browser's renderer.
lines.push('0,spawn,1,,,viewer', `0,object,,,${IMAGES * PAGES},shmem:images`);
lines.push(`0,map,1,0,${IMAGES * PAGES},shared:images@0`);

let timeUs = 0;
let shown = -1;
const made = new Set();
for (let view = 0; view < VIEWS; view++) {
  // Popular images are seen more often.
  const image = Math.floor(IMAGES * random() ** 2);
  if (image === shown) continue;
  // The last one is not needed now, and could be made again in 3 ms.
  if (shown >= 0) lines.push(`${timeUs},unpin,1,${shown * PAGES},${PAGES},regen_ns=3000000`);
  if (made.has(image)) lines.push(`${timeUs},pin,1,${image * PAGES},${PAGES},`);
  else lines.push(`${timeUs},write,1,${image * PAGES},${PAGES},`);
  made.add(image);
  lines.push(`${timeUs + 1000},read,1,${image * PAGES},${PAGES},`);
  shown = image;
  timeUs += 20_000 + Math.floor(30_000 * random());
}
lines.push(`${timeUs},mark,,,,end`);
process.stdout.write(`${lines.join('\n')}\n`);
