import {
  ByteWriter,
  type ColumnSource,
  type KeyValue,
  ParquetWriter,
  schemaFromColumnData,
} from 'hyparquet-writer';

/** A column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: 'STRING' | 'DOUBLE';
}

/** Rows of a Parquet file, column by column: null where a value is missing. */
export type ParquetBatch = readonly (readonly (string | number | null)[])[];

/** Where the bytes of a file go until they are taken, row group by row group: the file need not fit in memory. */
class Taken extends ByteWriter {
  /** The bytes since the last time. */
  take(): Uint8Array {
    const bytes = this.getBytes().slice();
    // Its type lacks the place in the buffer, which a flush of its own file writer sets to 0 too.
    (this as unknown as { index: number }).index = 0;
    return bytes;
  }
}

function sources(columns: readonly ParquetColumn[], batch: ParquetBatch): ColumnSource[] {
  return columns.map(({ name, type }, i) => ({ name, type, data: batch[i] as (string | number | null)[] }));
}

/**
 * Writes a Parquet file: a row group a batch, compressed with Snappy, columns that may be null.
 *
 * @param metadata key-value metadata of the file
 * @returns its bytes in parts, which are made as they are taken, the same each time
 */
export function parquetParts(
  columns: readonly ParquetColumn[],
  batches: () => Iterable<ParquetBatch>,
  metadata: Readonly<Record<string, string>>,
): Iterable<Uint8Array> {
  return {
    *[Symbol.iterator]() {
      const writer = new Taken();
      const schema = schemaFromColumnData({
        columnData: sources(
          columns,
          columns.map(() => []),
        ),
      });
      const kvMetadata = Object.entries(metadata).map(([key, value]): KeyValue => ({ key, value }));
      const file = new ParquetWriter({ writer, schema, kvMetadata, createdBy: 'reclaim-bench' });
      for (const batch of batches()) {
        file.write({ columnData: sources(columns, batch), rowGroupSize: batch[0]?.length ?? 0 });
        yield writer.take();
      }
      file.finish();
      yield writer.take();
    },
  };
}
