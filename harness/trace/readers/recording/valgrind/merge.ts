import type { RawFolder } from '../folder.js';
import { BORN, type ImageFile, openImages } from './file.js';
import { RECORD } from './words.js';

const NS_PER_US = 1000;

/** Whole records of one image that follow each other, and what happens to processes behind them. */
export interface Span {
  readonly image: ImageFile;
  /** Places in its words; those of its records are at hand until the next span is taken. */
  readonly from: number;
  readonly to: number;
  /** Children that the process forks here. */
  readonly forked: readonly ImageFile[];
  /** Whether the image ends here, and what follows it. */
  readonly over?: { readonly next: ImageFile | undefined } | undefined;
}

/** The images of a recording, by what makes them begin: another one's fork, or its end. */
class Images {
  readonly running: ImageFile[] = [];
  private readonly waiting: ImageFile[];

  constructor(all: readonly ImageFile[]) {
    const begins = ({ header }: ImageFile) =>
      header.born === BORN.started || !this.hasParent(all, header.parent);
    const first = all.filter((image) => begins(image) && image.header.born !== BORN.executed);
    this.running.push(...first);
    this.waiting = all.filter((image) => !first.includes(image));
  }

  private hasParent(all: readonly ImageFile[], parent: number): boolean {
    return all.some(({ header }) => header.pid === parent);
  }

  /** Children of an image that have not begun, and how many of its words are before the next one. */
  nextFork({ header, image }: ImageFile): { readonly child: ImageFile; readonly words: number } | undefined {
    const children = this.waiting
      .filter(
        ({ header: child }) =>
          child.born === BORN.forked && child.parent === header.pid && child.forkedAt.image === image,
      )
      .sort((a, b) => a.header.forkedAt.words - b.header.forkedAt.words);
    return children[0] && { child: children[0], words: children[0].header.forkedAt.words };
  }

  /** The image that a process goes on with after one. */
  successor({ header, image }: ImageFile): ImageFile | undefined {
    return this.waiting.find(
      (other) =>
        other.header.born === BORN.executed && other.header.pid === header.pid && other.image === image + 1,
    );
  }

  begin(image: ImageFile): void {
    this.waiting.splice(this.waiting.indexOf(image), 1);
    this.running.push(image);
  }

  end(image: ImageFile): void {
    this.running.splice(this.running.indexOf(image), 1);
  }
}

/**
 * All records of a recording, by time across processes: a child begins where its parent forked it, and an image where the one
 * before was replaced.
 */
export async function* mergedSpans(folder: RawFolder): AsyncGenerator<Span> {
  const images = new Images(await openImages(folder));
  while (images.running.length > 0) {
    const image = images.running.reduce((first, each) => (each.timeUs < first.timeUs ? each : first));
    const others = images.running.filter((each) => each !== image).map(({ timeUs }) => timeUs);
    const fork = images.nextFork(image);
    const from = image.words.at;
    const to = scan(image, Math.min(...others), fork?.words);
    const forked = fork && image.words.before + to >= fork.words ? [fork.child] : [];
    if (to > from || forked.length > 0) {
      yield { image, from, to, forked };
      image.words.at = to;
      for (const child of forked) images.begin(child);
      continue;
    }
    if (image.words.sizeAt(to) > 0 || (await image.words.more())) continue;
    yield* ended(image, images);
  }
}

/** The end of an image. Children whose fork its file does not reach begin here. */
function* ended(image: ImageFile, images: Images): Generator<Span> {
  const { at } = image.words;
  for (let fork = images.nextFork(image); fork; fork = images.nextFork(image)) {
    yield { image, from: at, to: at, forked: [fork.child] };
    images.begin(fork.child);
  }
  const next = images.successor(image);
  yield { image, from: at, to: at, forked: [], over: { next } };
  images.end(image);
  if (next) images.begin(next);
}

/** The place up to which the records of an image come before those of others, and before its next fork. Sets its time. */
function scan(image: ImageFile, untilUs: number, forkAt = Number.POSITIVE_INFINITY): number {
  const { words } = image;
  let at = words.at;
  for (let size = words.sizeAt(at); size > 0 && words.before + at < forkAt; size = words.sizeAt(at)) {
    if (words.kind(at) === RECORD.time) {
      image.timeUs = Math.max(image.timeUs, Math.floor(words.payload(at) / NS_PER_US));
      if (image.timeUs > untilUs) return at === words.at ? at + size : at;
    }
    at += size;
  }
  return at;
}
