import { readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A server of the files in a folder, with ranges and entity tags. */
export class FileServer {
  private readonly server: Server;
  /** Bytes that were sent. */
  sent = 0;

  constructor(private readonly folder: string) {
    this.server = createServer((request, answer) => this.answer(request, answer));
  }

  /** Starts it. Returns its address. */
  async start(): Promise<string> {
    await new Promise<void>((listening) => void this.server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer({ url, headers }: IncomingMessage, answer: ServerResponse): void {
    const path = join(this.folder, decodeURIComponent(url!));
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
      answer.writeHead(404).end();
      return;
    }
    const file = readFileSync(path);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? 'bytes=0-999999999')!;
    const bytes = file.subarray(Number(from), Number(to) + 1);
    this.sent += bytes.length;
    answer.writeHead(206, {
      etag: `"${statSync(path).mtimeMs}"`,
      'content-range': `bytes ${from}-${Number(from) + bytes.length - 1}/${file.length}`,
      'content-length': bytes.length,
    });
    answer.end(bytes);
  }
}
