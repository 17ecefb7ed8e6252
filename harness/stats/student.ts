/**
 * Probability that Student's t is within ±t, for whole degrees of freedom, by its finite series.
 * Source: Abramowitz and Stegun 1964, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
 *
 * @param theta the arc tangent of t over the root of `df`
 */
function within(theta: number, df: number): number {
  const cos = Math.cos(theta);
  const odd = df % 2 === 1;
  let term = odd ? cos : 1;
  let sum = df === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= df - 2; k += 2) {
    term *= ((k - 1) / k) * cos * cos;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
}

/** Halvings of an angle of at most a quarter turn: beyond what a double distinguishes. */
const HALVINGS = 60;

/**
 * The t with which Student's t is within ±t with a probability: 12.706 for 0.95 and one degree of freedom.
 *
 * @param probability more than 0 and less than 1
 * @param df degrees of freedom, a whole number of at least 1
 */
export function studentWithin(probability: number, df: number): number {
  let low = 0;
  let high = Math.PI / 2;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (within(middle, df) < probability) low = middle;
    else high = middle;
  }
  return Math.tan(low) * Math.sqrt(df);
}
