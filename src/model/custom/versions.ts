// Owns the order of versions: what is stable before what is not, newer before older, others after by name.

const pattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const ranks: Readonly<Record<string, number>> = { alpha: 1, beta: 2 };

/** Negative where the left one is preferred. */
export function compareVersions(left: string, right: string): number {
  const [one, other] = [pattern.exec(left), pattern.exec(right)];
  if (one === null || other === null) {
    if (one !== null) return -1;
    if (other !== null) return 1;
    return left < right ? -1 : left === right ? 0 : 1;
  }
  const rank = ([, , stage]: RegExpExecArray): number => (stage === undefined ? 3 : (ranks[stage] ?? 0));
  return (
    rank(other) - rank(one) ||
    Number(other[1]) - Number(one[1]) ||
    Number(other[3] ?? 0) - Number(one[3] ?? 0)
  );
}
