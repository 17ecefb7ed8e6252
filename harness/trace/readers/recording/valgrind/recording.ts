import type { RawFolder } from '../folder.js';
import type { Manifest } from '../manifest.js';
import { ACCESS, AccessBatch, NO_CONTENT, type RawRecording, type RecordedCalls } from '../source.js';
import { ImageCalls } from './calls.js';
import { RecordedContents } from './contents.js';
import { mergedSpans } from './merge.js';
import { RECORD } from './words.js';

const NS_PER_US = 1000;

/** A recording of the engine `valgrind`: the files of the page tool, one of each process image. */
export class ValgrindRecording implements RawRecording {
  readonly called = 'accesses';

  /** Undefined where there are none: so no write has to be remembered. */
  private readonly contents: RecordedContents | undefined;

  constructor(
    private readonly folder: RawFolder,
    { details }: Manifest,
  ) {
    if (Number(details.contents_us ?? 0) > 0) this.contents = new RecordedContents(folder.account);
  }

  async calls(): Promise<RecordedCalls> {
    const { account, path } = this.folder;
    const reader = new ImageCalls(account, path, this.contents === undefined);
    let begun = false;
    for await (const span of mergedSpans(this.folder)) {
      if (!begun) reader.begin(span.image);
      begun = true;
      reader.read(span);
      this.contents?.read(span);
    }
    return {
      calls: reader.calls,
      places: reader.places,
      clock: 'relative',
      children: new Map(),
      attached: undefined,
      relations: new Map(),
      closes: true,
    };
  }

  async *accesses(): AsyncGenerator<AccessBatch> {
    let batch = new AccessBatch();
    let record = 0;
    let number = 0;
    for await (const { image, from, to } of mergedSpans(this.folder)) {
      const { words } = image;
      for (let at = from; at < to; at += words.sizeAt(at)) {
        record++;
        const kind = words.kind(at);
        if (kind === RECORD.time)
          image.nowUs = Math.max(image.nowUs, Math.floor(words.payload(at) / NS_PER_US));
        else if (kind === RECORD.thread) image.thread = words.payload(at);
        if (kind > RECORD.fetch) continue;
        const page = words.page(at);
        const access = kind === RECORD.write ? ACCESS.write : ACCESS.read;
        for (let i = words.bits(at); i >= 0; i--) {
          const content = this.contents?.of(number++) ?? NO_CONTENT;
          batch.add(image.nowUs, record, image.thread, page + words.bits(at) - i, access, content);
          if (!batch.full) continue;
          yield batch;
          batch = new AccessBatch();
        }
      }
    }
    yield batch;
  }
}
