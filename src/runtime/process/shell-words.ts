// Owns words as a shell reads them.

export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
export const quoteAll = (words: readonly string[]): string => words.map(quote).join(" ");
