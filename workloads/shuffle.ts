/** Numbers 0 … n - 1 in random order (Fisher and Yates). */
export function shuffled(n: number, random: () => number): Uint32Array {
  const numbers = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const swap = numbers[i]!;
    numbers[i] = numbers[j]!;
    numbers[j] = swap;
  }
  return numbers;
}
