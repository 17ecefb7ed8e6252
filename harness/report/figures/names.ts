interface Name {
  readonly base: string;
  readonly parameters: readonly string[];
}

function parts(label: string): Name {
  const colon = label.indexOf(':');
  if (colon < 0) return { base: label, parameters: [] };
  return { base: label.slice(0, colon), parameters: label.slice(colon + 1).split(',') };
}

/**
 * Short names of traces, by label: the parameters that all generated traces of one workload share are left out, as they
 * distinguish nothing.
 */
export function shortNames(labels: readonly string[]): Map<string, string> {
  const names = labels.map(parts);
  return new Map(
    labels.map((label, i) => {
      const { base, parameters } = names[i]!;
      const same = names.filter((name) => name.base === base);
      const own = parameters.filter(
        (parameter) => !same.every((name) => name.parameters.includes(parameter)),
      );
      return [label, own.length === 0 ? base : `${base} ${own.join(', ')}`];
    }),
  );
}
