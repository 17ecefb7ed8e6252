import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { ResultsFolder } from '../metrics/results.js';
import { FigureData } from '../report/figures/data.js';
import { figureOf } from '../report/figures/registry.js';
import { reportText } from '../report/html/write.js';
import { type DrawAnswer, type DrawJob, type DrawSetup, FIGURE_FOLDER, REPORT } from './draw-job.js';

/** Draws figures and report.html of a folder of results, in a worker or where that was asked for. */
export class DrawJobs {
  /** The results; what one job has read of them is there for the next. */
  private opened: { readonly results: ResultsFolder; readonly data: FigureData } | undefined;

  constructor(private readonly setup: DrawSetup) {}

  async answer({ figure }: DrawJob): Promise<DrawAnswer> {
    const { width, formats } = this.setup;
    try {
      const { results, data } = this.open();
      if (figure === undefined) return { files: [[REPORT, await reportText(results, data)]] };
      // What draws may not be installed, and then only report.html is asked for.
      const { figureFiles } = await import('../report/render/write.js');
      const files = await figureFiles([figureOf(figure)], data, width, formats);
      return { files: [...files].map(([name, content]) => [join(FIGURE_FOLDER, name), content]) };
    } catch (error) {
      if (error instanceof InputError) return { refused: error.message };
      throw error;
    }
  }

  private open() {
    if (this.opened) return this.opened;
    const { folder, replaced } = this.setup;
    const results = ResultsFolder.open(folder, replaced);
    this.opened = { results, data: new FigureData(results) };
    return this.opened;
  }
}
