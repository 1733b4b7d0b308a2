// Owns the proof that names are judged and worded as upstream's.
import { expect, test } from "vitest";
import {
  configKeyFaults,
  envNameFaults,
  headerNameFaults,
  label1035Faults,
  labelNameFaults,
  labelValueFaults,
  portFaults,
  portNameFaults,
  qualifiedNameFaults,
  subdomainNameFaults,
} from "./names.ts";

const long = (length: number): string => "a".repeat(length);

const judges: Record<string, [(text: string) => string[], readonly string[], readonly string[]]> = {
  label: [
    labelNameFaults,
    ["a", "my-name", "123-abc", long(63)],
    ["", "A", "a.b", "-a", "a-", long(64), "a\n"],
  ],
  subdomain: [
    subdomainNameFaults,
    ["a.b", "example.com", long(253)],
    ["", "a..b", ".a", "A.b", "a_b", long(254)],
  ],
  label1035: [label1035Faults, ["a", "abc-123"], ["", "1a", "a-", long(64)]],
  qualified: [
    qualifiedNameFaults,
    ["a", "MyName", "my.name", "example.com/MyName", `a/${long(63)}`],
    ["", "/a", "a/", "a/b/c", "-a", "A_b/c", `a/${long(64)}`],
  ],
  labelValue: [labelValueFaults, ["", "MyValue", "12345", "a_b"], ["-a", "a-", "a b", long(64)]],
  configKey: [configKeyFaults, ["key.name", "..a".slice(1), "K-1"], ["", ".", "..", "..a", "a/b", long(254)]],
  envName: [envNameFaults, ["A", "a b", "a.b-c", "1"], ["", "a=b", "é", "a\tb"]],
  header: [headerNameFaults, ["X-Header-Name"], ["", "X Header", "X:"]],
  portName: [portNameFaults, ["http", "a-1"], ["", "1", "a--b", "-a", "a-", "HTTP", long(16)]],
  port: [(text) => portFaults(Number(text)), ["1", "65535"], ["0", "65536", "-1"]],
};

const rows = Object.entries(judges).flatMap(([name, [faults, good, bad]]) => [
  ...good.map((text) => ({ name, text, faults, valid: true })),
  ...bad.map((text) => ({ name, text, faults, valid: false })),
]);

test.each(rows)("$name $text: $valid", ({ text, faults, valid }) => {
  expect(faults(text).length === 0).toBe(valid);
});

// Word for word: kubectl's users and other tools know these sentences.
test.each([
  [
    labelNameFaults("A"),
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  [
    subdomainNameFaults("A"),
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  [
    labelValueFaults("-"),
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  [
    qualifiedNameFaults("-"),
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  [labelNameFaults("a".repeat(64)), "must be no more than 63 bytes"],
  [portFaults(0), "must be between 1 and 65535, inclusive"],
])("%j", (faults, expected) => {
  expect(faults).toEqual([expected]);
});
