import { InputError } from '../base/errors.js';

/** Flags of commands that print a result in one of some formats, or write it in several. */
export function formatsFlags(formats: readonly { readonly name: string }[]) {
  return {
    format: {
      type: 'string',
      default: 'table',
      describe: `output format: ${formats.map(({ name }) => name).join(', ')}; several, separated by commas, need --out`,
      requiresArg: true,
    },
    out: { type: 'string', describe: 'folder for a file in each format', requiresArg: true },
  } as const;
}

/** The arguments of `formatsFlags`. */
export interface FormatsArgs {
  format: string;
  out?: string;
}

/** The formats that are asked for. @throws InputError for an unknown one, or for several without a folder */
export function chosenFormats<F>({ format, out }: FormatsArgs, named: (name: string) => F): F[] {
  const formats = format.split(',').map(named);
  if (formats.length > 1 && out === undefined)
    throw new InputError(`--format ${format} names several formats, expected --out with a folder for them`);
  return formats;
}
