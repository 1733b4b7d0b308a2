// Owns a table of plain text: columns as wide as their widest cell, three spaces apart.

export function alignedLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd((widths[at] ?? 0) + 3))
      .join("")
      .trimEnd(),
  );
}

export const aligned = (rows: readonly (readonly string[])[]): string => alignedLines(rows).join("\n");
