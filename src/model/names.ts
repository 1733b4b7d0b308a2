// Owns which names Kubernetes allows; faults are worded as upstream's validation package words them.

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const label1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValue = `(${qualified})?`;
const configKey = "[-._a-zA-Z0-9]+";
const headerName = "[-A-Za-z0-9]+";
const envName = "[ -<>-~]+";

interface Rule {
  readonly pattern: RegExp;
  readonly fault: string;
  readonly lengthMax: number;
}

function regexFault(message: string, format: string, ...examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return examples.length === 0
    ? `${message} (regex used for validation is '${format}')`
    : `${message} (e.g. ${shown}regex used for validation is '${format}')`;
}

function rule(format: string, lengthMax: number, message: string, ...examples: readonly string[]): Rule {
  return {
    pattern: new RegExp(`^(?:${format})$`),
    fault: regexFault(message, format, ...examples),
    lengthMax,
  };
}

const labelRule = rule(
  label,
  63,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  "my-name",
  "123-abc",
);
const subdomainRule = rule(
  subdomain,
  253,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  "example.com",
);
const label1035Rule = rule(
  label1035,
  63,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  "my-name",
  "abc-123",
);
const qualifiedRule = rule(
  qualified,
  63,
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "MyName",
  "my.name",
  "123-abc",
);
const labelValueRule = rule(
  labelValue,
  63,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "MyValue",
  "my_value",
  "12345",
);
const configKeyRule = rule(
  configKey,
  253,
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  "key.name",
  "KEY_NAME",
  "key-name",
);
const headerRule = rule(
  headerName,
  Infinity,
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  "X-Header-Name",
);
const envRule = rule(
  envName,
  Infinity,
  "a valid environment variable name must consist only of printable ASCII characters other than '='",
);

export const tooLongFault = (lengthMax: number): string => `must be no more than ${lengthMax} bytes`;

function check(text: string, { pattern, fault, lengthMax }: Rule): string[] {
  const faults: string[] = [];
  if (text.length > lengthMax) faults.push(tooLongFault(lengthMax));
  if (!pattern.test(text)) faults.push(fault);
  return faults;
}

/** Faults of a name, none where it is valid. So for all below. */
export const labelNameFaults = (text: string): string[] => check(text, labelRule);
export const subdomainNameFaults = (text: string): string[] => check(text, subdomainRule);
export const label1035Faults = (text: string): string[] => check(text, label1035Rule);
export const labelValueFaults = (text: string): string[] => check(text, labelValueRule);
export const headerNameFaults = (text: string): string[] => check(text, headerRule);
export const envNameFaults = (text: string): string[] =>
  text === "" ? ["environment variable name must be non-empty"] : check(text, envRule);

/** Keys of labels, annotations, taints and conditions: `name` or `prefix.example/name`. */
export function qualifiedNameFaults(text: string): string[] {
  const parts = text.split("/");
  const name = parts.at(-1) ?? "";
  const faults: string[] = [];
  if (parts.length > 2)
    return [
      `a qualified name ${qualifiedRule.fault} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  if (parts.length === 2) {
    const prefix = parts[0] ?? "";
    if (prefix === "") faults.push("prefix part must be non-empty");
    else faults.push(...subdomainNameFaults(prefix).map((fault) => `prefix part ${fault}`));
  }
  if (name === "") faults.push("name part must be non-empty");
  else if (name.length > qualifiedRule.lengthMax)
    faults.push(`name part ${tooLongFault(qualifiedRule.lengthMax)}`);
  if (!qualifiedRule.pattern.test(name)) faults.push(`name part ${qualifiedRule.fault}`);
  return faults;
}

/** Keys of config maps and secrets. */
export function configKeyFaults(text: string): string[] {
  const faults = check(text, configKeyRule);
  if (text === ".") faults.push("must not be '.'");
  else if (text === "..") faults.push("must not be '..'");
  else if (text.startsWith("..")) faults.push("must not start with '..'");
  return faults;
}

/** Names of container ports, which may be used as service ports. */
export function portNameFaults(text: string): string[] {
  const faults: string[] = [];
  if (text.length > 15) faults.push(tooLongFault(15));
  if (!/^[-a-z0-9]+$/.test(text))
    faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(text)) faults.push("must contain at least one letter (a-z)");
  if (text.includes("--")) faults.push("must not contain consecutive hyphens");
  if (text.startsWith("-") || text.endsWith("-")) faults.push("must not begin or end with a hyphen");
  return faults;
}

export const portFaults = (port: number): string[] =>
  port >= 1 && port <= 65_535 ? [] : ["must be between 1 and 65535, inclusive"];
