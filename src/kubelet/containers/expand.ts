// Owns the expansion of `$(NAME)` in commands, arguments, environment and sub-paths (k8s.io/docs: dependent environment variables).

/** `$(NAME)` becomes its value, `$$` a dollar; what names nothing stays as it is written. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let out = "";
  let at = 0;
  for (let dollar = text.indexOf("$", at); dollar >= 0; dollar = text.indexOf("$", at)) {
    out += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next === "$") {
      out += "$";
      at = dollar + 2;
      continue;
    }
    const close = next === "(" ? text.indexOf(")", dollar + 2) : -1;
    if (close < 0) {
      out += next === undefined ? "$" : `$${next}`;
      at = dollar + (next === undefined ? 1 : 2);
      continue;
    }
    out += lookup(text.slice(dollar + 2, close)) ?? text.slice(dollar, close + 1);
    at = close + 1;
  }
  return out + text.slice(at);
}
