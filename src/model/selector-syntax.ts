// Owns the grammar of kubectl's label selectors; faults are worded as upstream's parser words them.

/** What one requirement asks of a label. `=` and `!=` are kept apart from `in` and `notin` because they print differently. */
export interface Requirement {
  readonly key: string;
  readonly operator: "exists" | "!exists" | "in" | "notin" | "=" | "!=" | "gt" | "lt";
  readonly values: readonly string[];
}

type TokenKind =
  "identifier" | "in" | "notin" | "end" | "," | "(" | ")" | "!" | "=" | "==" | "!=" | ">" | "<";
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const symbols: ReadonlySet<string> = new Set([",", "(", ")", "!", "=", "==", "!=", ">", "<"]);
const tokenPattern = /\s*(?:(==|!=|[,()!=<>])|([^\s,()!=<>]+))/gy;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(tokenPattern)) {
    const [, symbol, word] = match;
    // The pattern's first group holds exactly the symbols.
    if (symbol !== undefined && symbols.has(symbol)) tokens.push({ kind: symbol as TokenKind, text: symbol });
    else if (word === "in" || word === "notin") tokens.push({ kind: word, text: word });
    else if (word !== undefined) tokens.push({ kind: "identifier", text: word });
  }
  return tokens;
}

/** Carries a fault out of the recursive reader; never leaves this file. */
class SyntaxFault extends Error {}
const fail = (message: string): never => {
  throw new SyntaxFault(message);
};

class Reader {
  private position = 0;
  private readonly tokens: readonly Token[];
  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** In the place of a value, `in` and `notin` are words like any other. */
  peek(place: "key" | "value"): Token {
    const token = this.tokens[this.position] ?? { kind: "end", text: "" };
    return place === "value" && (token.kind === "in" || token.kind === "notin")
      ? { kind: "identifier", text: token.text }
      : token;
  }

  next(place: "key" | "value"): Token {
    const token = this.peek(place);
    this.position += 1;
    return token;
  }
}

function readValues(reader: Reader): string[] {
  const open = reader.next("value");
  if (open.kind !== "(") fail(`found '${open.text}' expected: '('`);
  const values = new Set<string>();
  // Between brackets that hold nothing stands one empty value, as upstream reads them.
  let expectsValue = true;
  for (;;) {
    const token = reader.next("value");
    if (token.kind === "identifier" && expectsValue) {
      values.add(token.text);
      expectsValue = false;
    } else if (token.kind === ",") {
      if (expectsValue) values.add("");
      expectsValue = true;
    } else if (token.kind === ")") {
      if (expectsValue) values.add("");
      return [...values];
    } else if (expectsValue) fail(`found '${token.text}', expected: ',', ')' or identifier`);
    else fail(`found '${token.text}', expected: ',' or ')'`);
  }
}

function readExactValue(reader: Reader): string {
  const ahead = reader.peek("value");
  if (ahead.kind === "end" || ahead.kind === ",") return "";
  if (ahead.kind !== "identifier") fail(`found '${ahead.text}', expected: identifier`);
  return reader.next("value").text;
}

function readRequirement(reader: Reader): Requirement {
  let token = reader.next("value");
  const negated = token.kind === "!";
  if (negated) token = reader.next("value");
  if (token.kind !== "identifier") fail(`found '${token.text}', expected: identifier`);
  const key = token.text;
  const ahead = reader.peek("key");
  if (negated) return { key, operator: "!exists", values: [] };
  if (ahead.kind === "end" || ahead.kind === ",") return { key, operator: "exists", values: [] };
  const operator = reader.next("key");
  switch (operator.kind) {
    case "in":
    case "notin":
      return { key, operator: operator.kind, values: readValues(reader) };
    case "=":
    case "==":
      return { key, operator: "=", values: [readExactValue(reader)] };
    case "!=":
      return { key, operator: "!=", values: [readExactValue(reader)] };
    case ">":
    case "<":
      return { key, operator: operator.kind === ">" ? "gt" : "lt", values: [readExactValue(reader)] };
    default:
      return fail(`found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function readAll(reader: Reader): Requirement[] {
  const found: Requirement[] = [];
  if (reader.peek("value").kind === "end") return found;
  for (;;) {
    const ahead = reader.peek("value");
    if (ahead.kind !== "identifier" && ahead.kind !== "!")
      fail(
        found.length === 0
          ? `found '${ahead.text}', expected: !, identifier, or 'end of string'`
          : `found '${ahead.text}', expected: identifier after ','`,
      );
    try {
      found.push(readRequirement(reader));
    } catch (fault) {
      if (fault instanceof SyntaxFault) fail(`unable to parse requirement: ${fault.message}`);
      throw fault;
    }
    const after = reader.next("key");
    if (after.kind === "end") return found;
    if (after.kind !== ",") fail(`found '${after.text}', expected: ',' or 'end of string'`);
  }
}

/** The requirements, or what is wrong with the text. */
export function readRequirements(text: string): Requirement[] | string {
  try {
    return readAll(new Reader(tokensOf(text)));
  } catch (fault) {
    if (fault instanceof SyntaxFault) return fault.message;
    throw fault;
  }
}
