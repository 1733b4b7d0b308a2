// Owns how rules name properties whose own names are no identifiers of theirs: `__dash__` for a dash, `__namespace__` for a keyword.

const reserved: ReadonlySet<string> = new Set([
  ..."true false null in as break const continue else for function if import let loop package namespace".split(
    " ",
  ),
  ..."return var void while".split(" "),
]);

const escapes: Readonly<Record<string, string>> = {
  __: "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
};

/** Undefined for a name that no rule can reach. */
export function escapedName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_./-][\w./-]*$/.test(name)) return undefined;
  return name.replaceAll(/__|[./-]/g, (found) => escapes[found] ?? found);
}
