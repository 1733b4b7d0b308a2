// Owns how deep a YAML text may go before it is read at all.
import { Lexer, Parser } from "yaml";

// Each level costs the library much of the stack, and near its end even a regular expression ends the process.
const depthMax = 200;

/** Tells by the library's parser, which alone of its parts keeps a stack of its own. */
export function isTooDeep(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    // Documents come out as they end; what counts is how deep the parser stands.
    const documents = parser.next(lexeme);
    while (documents.next().done !== true) continue;
    if (parser.stack.length > depthMax) return true;
  }
  return false;
}
