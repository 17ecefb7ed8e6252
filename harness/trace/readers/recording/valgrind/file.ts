import { InputError } from '../../../../base/errors.js';
import type { RawFolder } from '../folder.js';
import { Words } from './words.js';

/** "RCLMPAGE". */
const MAGIC = '0x454741504d4c4352';
const VERSION = 1;
/** Words of a header before its text. */
const HEADER = 12;
const NAME = /^(\d+)\.(\d+)\.pages$/;
/** A place of a fork: the image's number stands above this bit, the words below. */
const IMAGE_BITS = 48n;
const NS_PER_US = 1000;

/** How a process image came to be. */
export const BORN = { started: 0, forked: 1, executed: 2 } as const;

/** What the file of a process image says of it. */
export interface ImageHeader {
  readonly pid: number;
  readonly parent: number;
  readonly born: number;
  /** Where the parent was at the fork: which of its images, and how many words into that file. */
  readonly forkedAt: { readonly image: number; readonly words: number };
  readonly startUs: number;
  readonly command: string;
}

/** The file of a process image: what a process was from its start or an exec on. */
export class ImageFile {
  /** The time up to which its records have been ordered. */
  timeUs: number;
  /** Time and thread of the record at hand. */
  nowUs: number;
  thread: number;

  constructor(
    readonly words: Words,
    readonly header: ImageHeader,
    /** 0 of a process's first image, then one more with each exec. */
    readonly image: number,
  ) {
    this.timeUs = header.startUs;
    this.nowUs = header.startUs;
    this.thread = header.pid;
  }
}

/** Names of the files of process images in a folder. */
function imageNames(folder: RawFolder): string[] {
  return folder.files.filter((name) => NAME.test(name));
}

/** Opens all images of a folder, in the order of their start. @throws InputError where one is not of the page tool */
export async function openImages(folder: RawFolder): Promise<ImageFile[]> {
  const images: ImageFile[] = [];
  for (const name of imageNames(folder)) {
    const words = new Words(folder, name);
    const header = await readHeader(words);
    if (header) images.push(new ImageFile(words, header, Number(NAME.exec(name)![2])));
  }
  return images.sort((a, b) => a.header.startUs - b.header.startUs || a.image - b.image);
}

/** Undefined where the process was killed before it wrote one. */
async function readHeader(words: Words): Promise<ImageHeader | undefined> {
  const whole = () => {
    const text = words.textWords(HEADER);
    return text !== undefined && words.length >= HEADER + text;
  };
  while (!whole()) if (!(await words.more())) return undefined;
  if (words.hex(0) !== MAGIC)
    throw new InputError('this is not a file of the page tool, expected RCLMPAGE at its start', {
      file: words.name,
    });
  if (words.number(1) !== VERSION)
    throw new InputError(`this file is of version ${words.number(1)}, expected ${VERSION}`, {
      file: words.name,
    });
  const place = BigInt(words.hex(5));
  const header = {
    pid: words.number(2),
    parent: words.number(3),
    born: words.number(4),
    forkedAt: {
      image: Number(place >> IMAGE_BITS),
      words: Number(BigInt.asUintN(Number(IMAGE_BITS), place)),
    },
    startUs: Math.floor(words.number(10) / NS_PER_US),
    command: words.text(HEADER),
  };
  words.at = HEADER + words.textWords(HEADER)!;
  return header;
}
