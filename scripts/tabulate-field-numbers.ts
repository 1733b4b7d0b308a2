// Owns making src/apiserver/http/field-numbers from descriptors of the Kubernetes API's protobuf files. What the tables hold
// and the descriptors do not is kept, so that fields may be added by hand, and older descriptors take nothing away.
//
//   npx tsx scripts/tabulate-field-numbers.ts FILE
//
// FILE is a FileDescriptorSet (`protoc --include_imports --descriptor_set_out=FILE …/generated.proto`), or any program that
// carries the descriptors with it, compressed, as those written in Go do.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflateRawSync } from "node:zlib";
import { wireFields } from "../src/apiserver/http/protobuf-reader.ts";
import { schemas } from "../src/model/generated/schemas.ts";

interface Field {
  readonly name: string;
  readonly number: number;
  /** The message it holds. */
  readonly message: string | undefined;
  readonly isAlwaysWritten: boolean;
  readonly isRepeated: boolean;
}
interface Message {
  readonly name: string;
  /** `k8s.io.api.core.v1` */
  readonly package: string;
  readonly fields: readonly Field[];
}

const text = new TextDecoder();
const target = join(dirname(fileURLToPath(import.meta.url)), "../src/apiserver/http/field-numbers");
// A Go option on a field: whether it is a pointer, that is, left out of messages where unset.
const nullableOption = 65001;
const repeatedLabel = 3;

const stringIn = (bytes: Uint8Array, field: number): string => {
  for (const [number, value] of wireFields(bytes))
    if (number === field && typeof value !== "number") return text.decode(value);
  return "";
};

function readField(bytes: Uint8Array): Field {
  let [number, isAlwaysWritten, isRepeated] = [0, false, false];
  for (const [at, value] of wireFields(bytes)) {
    if (at === 3 && typeof value === "number") number = value;
    if (at === 4) isRepeated = value === repeatedLabel;
    if (at === 8 && typeof value !== "number")
      isAlwaysWritten = [...wireFields(value)].some(
        ([option, set]) => option === nullableOption && set === 0,
      );
  }
  const message = stringIn(bytes, 6).split(".").at(-1) ?? "";
  return {
    name: stringIn(bytes, 1),
    number,
    message: message === "" ? undefined : message,
    isAlwaysWritten,
    isRepeated,
  };
}

function readFile(bytes: Uint8Array): Message[] {
  const name = stringIn(bytes, 2);
  return [...wireFields(bytes)]
    .filter(([number]) => number === 4)
    .map(([, value]) => {
      if (typeof value === "number") throw new Error("a message is no number");
      const fields = [...wireFields(value)].filter(([number]) => number === 2);
      return {
        name: stringIn(value, 1),
        package: name,
        fields: fields.flatMap(([, field]) => (typeof field === "number" ? [] : [readField(field)])),
      };
    });
}

/** Every file of the API in the program or set. */
function* filesIn(bytes: Buffer): Generator<Uint8Array> {
  for (
    let at = bytes.indexOf("\x1f\x8b\x08", 0, "latin1");
    at >= 0;
    at = bytes.indexOf("\x1f\x8b\x08", at + 1, "latin1")
  ) {
    try {
      yield inflateRawSync(bytes.subarray(at + 10, at + 200_000), { finishFlush: 2 });
    } catch {
      // Those three bytes stand elsewhere too.
    }
  }
  try {
    for (const [number, value] of wireFields(bytes))
      if (number === 1 && typeof value !== "number") yield value;
  } catch {
    // A program is no message.
  }
}

function messagesIn(bytes: Buffer): Message[] {
  const found = new Map<string, Message>();
  for (const file of filesIn(bytes)) {
    try {
      if (!/^k8s\.io\/(?:api|apimachinery)\/.*generated\.proto$/.test(stringIn(file, 1))) continue;
      for (const message of readFile(file)) found.set(`${message.package}.${message.name}`, message);
    } catch {
      // Compressed, and no descriptor.
    }
  }
  return [...found.values()];
}

const packagePattern = /^k8s\.io\.(?:api\.(\w+)\.(v1|v2)|apimachinery\.pkg\.apis\.(meta)\.v1)$/;

/** The schema that stands for a message, where two groups' go by one name its group is in it. */
function schemaOf({ package: name, name: message }: Message): string | undefined {
  const [, group = "meta", version = "v1"] = packagePattern.exec(name) ?? [];
  const capital = `${group.charAt(0).toUpperCase()}${group.slice(1)}`;
  const plain = group === "autoscaling" ? [] : [message];
  const names =
    version === "v2" ? [`V2${message}`] : [`${capital}${message}`, `V1${message}`, ...plain, message];
  return names.find((one) => one in schemas);
}

const roomOf = ({ package: name }: Message): string => {
  const [, group = "meta"] = packagePattern.exec(name) ?? [];
  return ["meta", "core"].includes(group) ? group : "groups";
};

const messages = messagesIn(readFileSync(process.argv[2] ?? "")).filter((one) =>
  packagePattern.test(one.package),
);
if (messages.length === 0)
  throw new Error(`cannot find descriptors of the Kubernetes API in ${process.argv[2] ?? "no file"}`);
const byName = new Map(messages.map((one) => [`${one.package}.${one.name}`, one]));
const inlined = new Set<string>();

/** JSON's name for a field; a few differ from it in their capitals. */
const nameIn = (schema: string, { name }: Field): string | undefined =>
  Object.keys(schemas[schema] ?? {}).find((one) => one.toLowerCase() === name.toLowerCase());

/** A part whose fields JSON shows as the owner's own. */
function inlinedIn(owner: Message, schema: string, field: Field): boolean {
  const { message } = field;
  const part = message === undefined ? undefined : byName.get(`${owner.package}.${message}`);
  if (part === undefined || nameIn(schema, field) !== undefined) return false;
  return part.fields.some((inner) => nameIn(schema, inner) !== undefined || inlinedIn(part, schema, inner));
}

function entryOf(owner: Message, schema: string, field: Field): string | undefined {
  const mark = field.isAlwaysWritten ? "!" : "";
  const name = nameIn(schema, field);
  // JSON has a list where there is one message: the list stands within it.
  const box = !field.isRepeated && schemas[schema]?.[name ?? ""]?.t.startsWith("[]") === true ? "*" : "";
  if (name !== undefined) return `${name}=${field.number}${mark}${box}`;
  if (!inlinedIn(owner, schema, field)) return undefined;
  inlined.add(field.message ?? "");
  return `+${field.message ?? ""}=${field.number}`;
}

type Table = Map<string, Map<number, string>>;
const numberOf = (entry: string): number => Number(/=(\d+)/.exec(entry)?.[1]);
const files = new Map<string, Table>();

function readTable(room: string): Table {
  const path = join(target, `${room}.ts`);
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, "utf8").matchAll(/^(\w+): (.+)$/gm);
  return new Map(
    [...lines].map(([, name = "", entries = ""]) => [
      name,
      new Map(entries.split(" ").map((one) => [numberOf(one), one])),
    ]),
  );
}

for (const message of messages) {
  const schema = schemaOf(message);
  if (schema === undefined || message.name.endsWith("List")) continue;
  const room = roomOf(message);
  // Messages that the core group once had for itself.
  if (room === "core" && messages.some((one) => one.name === message.name && roomOf(one) === "meta"))
    continue;
  const table = files.get(room) ?? readTable(room);
  files.set(room, table);
  const entries = table.get(schema) ?? new Map<number, string>();
  for (const field of message.fields) {
    const entry = entryOf(message, schema, field);
    if (entry !== undefined) entries.set(field.number, entry);
  }
  if (entries.size > 0) table.set(schema, entries);
}
// Parts have no schema of their own: their fields are those of every owner.
for (let open = [...inlined]; open.length > 0;) {
  const next: string[] = [];
  for (const name of open)
    for (const message of messages.filter((one) => one.name === name)) {
      const table = files.get(roomOf(message));
      if (table === undefined || table.has(name)) continue;
      const entries = message.fields.map((field) => {
        const part =
          field.message === undefined ? undefined : byName.get(`${message.package}.${field.message}`);
        const isPart = part !== undefined && !(part.name in schemas) && !part.name.endsWith("Time");
        if (isPart) next.push(part.name);
        return isPart
          ? `+${part.name}=${field.number}`
          : `${field.name}=${field.number}${field.isAlwaysWritten ? "!" : ""}`;
      });
      table.set(name, new Map(entries.map((one) => [numberOf(one), one])));
    }
  open = next;
}

mkdirSync(target, { recursive: true });
for (const [room, table] of files) {
  const lines = [...table]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(
      ([name, entries]) =>
        `${name}: ${[...entries.values()].sort((left, right) => numberOf(left) - numberOf(right)).join(" ")}`,
    );
  const what = room === "groups" ? "the other groups" : `the ${room} group`;
  writeFileSync(
    join(target, `${room}.ts`),
    `// Owns the numbers of fields of ${what} in protobuf messages. scripts/tabulate-field-numbers.ts reads and writes it.\nexport const ${room} = \`\n${lines.join("\n")}\n\`;\n`,
  );
}

const bare = (entry: string): string => entry.replace(/=.*/, "");

/** The fields a table gives a message, those of its parts with them. */
function fieldsGiven(name: string): string[] {
  const entries =
    [...files.values()].find((table) => table.has(name))?.get(name) ?? new Map<number, string>();
  return [...entries.values()].flatMap((entry) =>
    entry.startsWith("+") ? fieldsGiven(bare(entry).slice(1)) : [bare(entry)],
  );
}

for (const name of [...files.values()].flatMap((table) => [...table.keys()])) {
  const given = new Set([...fieldsGiven(name), "apiVersion", "kind"]);
  const missing = Object.keys(schemas[name] ?? {}).filter((field) => !given.has(field));
  if (missing.length > 0) console.log(`without a number: ${name}: ${missing.join(" ")}`);
}
