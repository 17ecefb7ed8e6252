import type { Manifest } from '../../metrics/manifest.js';
import { numberIn } from '../format.js';
import { policyStyles } from '../style.js';
import { extremesText } from './captions.js';
import type { FigureData } from './data.js';
import type { Figure, Spec } from './figure.js';
import { keyOfLines, markedLines } from './lines.js';
import { panelDrawing } from './panels.js';
import { logAxis } from './style.js';
import { bytesText, byteUnit, largest } from './units.js';

interface Point {
  readonly guests: number;
  readonly bytes: number;
  readonly image: string;
}

const IMAGES: Readonly<Record<string, string>> = {
  copies: 'a copy a guest',
  file: 'page cache',
  xip: 'in place',
  'xip-struct': 'in place, struct pages',
};

const HEIGHT = 112;

type Parameters = Readonly<Record<string, string>>;

/** The parameters of the generated traces, by label: the manifest lists the traces in the order of the experiment. */
function parametersOf({ experiment, traces }: Manifest): Map<string, Parameters> {
  return new Map(
    traces.flatMap(({ trace }, i) => {
      const entry = experiment.traces[i]?.entry;
      return entry === undefined || typeof entry === 'string' ? [] : [[trace, entry.params]];
    }),
  );
}

function pointsOf(data: FigureData): Point[] {
  const parameters = parametersOf(data.manifest);
  const pageBytes = new Map(data.traces.map((trace) => [trace.label, trace.pageBytes]));
  return data.rows('runs.csv').flatMap((row) => {
    const { guests, image, struct_page_bytes: size = '64' } = parameters.get(row.trace) ?? {};
    if (row.outcome !== 'ok' || guests === undefined || image === undefined) return [];
    const name = IMAGES[image] ?? image;
    const resident = numberIn(row, 'resident_pages_end') * pageBytes.get(row.trace)!;
    return [
      {
        guests: Number(guests),
        bytes: resident + numberIn(row, 'struct_page_bytes'),
        image: image === 'xip-struct' ? `${name} of ${size} B` : name,
      },
    ];
  });
}

/** The message of the figure in a sentence: what takes most and least where most guests run. */
function mostGuestsText(points: readonly Point[]): string {
  const guests = largest(points.map((point) => point.guests));
  const all = points
    .filter((point) => point.guests === guests)
    .map(({ image, bytes }) => ({ name: image, value: bytes }));
  return `With ${guests} guests: ${extremesText(all, bytesText)}. There are no intervals: nothing in this depends on a draw.`;
}

/** Memory for one image in many guests, by how it is mapped. */
export const structPages: Figure = {
  name: 'struct-pages',
  summary:
    'memory for one image by the number of guests: copies, page cache, in place with and without struct pages',
  needs: { 'runs.csv': ['resident_pages_end', 'struct_page_bytes'] },
  lacks(data) {
    const points = pointsOf(data);
    const kinds = new Set(points.map(({ image }) => image)).size;
    const counts = new Set(points.map(({ guests }) => guests)).size;
    return kinds > 1 && counts > 1
      ? undefined
      : 'the traces do not vary guests and image, as those of xip-crossover do';
  },
  draw(data, page) {
    const points = pointsOf(data).sort((a, b) => a.guests - b.guests);
    // A logarithmic axis has no place for 0: what takes no memory at all is named in the caption.
    const free = new Set(points.map(({ image }) => image));
    for (const { image, bytes } of points) if (bytes > 0) free.delete(image);
    const shown = points.filter(({ bytes }) => bytes > 0);
    const labels = [...new Set(shown.map(({ image }) => image))];
    const unit = byteUnit(largest(shown.map(({ bytes }) => bytes)) / 100);
    const looks = policyStyles(labels);
    const lines = labels.map((label) => ({
      text: label,
      look: looks.get(label)!,
      points: shown
        .filter(({ image }) => image === label)
        .map(({ guests, bytes }) => ({ x: guests, y: bytes / unit.size })),
    }));
    const places = lines.flatMap((line) => line.points);
    const axis = (title: string, values: number[], length: number): Spec => ({
      title,
      ...logAxis(values, length),
    });
    const none = free.size === 0 ? '' : ` Mapped ${[...free].join(' and ')}, it takes none.`;
    return [
      panelDrawing(
        {
          name: 'struct-pages',
          caption: `Memory that one image takes by the number of guests that run from it: pages, and struct pages where mappings have them. Both axes are logarithmic.${none} ${mostGuestsText(points)}`,
          traces: [...parametersOf(data.manifest).keys()],
          columns: [
            [
              {
                title: [],
                draw: (width) => ({
                  width,
                  height: HEIGHT,
                  layer: markedLines(
                    lines,
                    axis(
                      'guests',
                      places.map(({ x }) => x),
                      width,
                    ),
                    axis(
                      `memory for the image (${unit.name})`,
                      places.map(({ y }) => y),
                      HEIGHT,
                    ),
                  ),
                }),
              },
            ],
          ],
          key: keyOfLines(lines),
        },
        page,
      ),
    ];
  },
};
