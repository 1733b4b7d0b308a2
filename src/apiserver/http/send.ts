// Owns putting an answer on the wire: headers, warnings, compression.
import { gzip } from "node:zlib";
import { promisify } from "node:util";
import type { Exchange } from "../../world/http.ts";
import type { EncodedAnswer } from "../answer.ts";
import { protobufOf, protobufType } from "../protobuf/envelope.ts";
import type { Refusal } from "../status.ts";
import { plainEncoding, type Encoding } from "../tables/accept.ts";

const compress = promisify(gzip);
// Below this, compressing costs more than the bytes saved; the same bound as upstream's.
const compressFrom = 128 * 1024;
const level = 1;

/** What goes with every answer. */
export interface Sender {
  readonly exchange: Exchange;
  readonly auditId: string;
}

/** A body of this type is JSON until it is sent. */
export const yamlType = "application/yaml";

export const jsonAnswer = (
  status: number,
  value: unknown,
  contentType = "application/json",
): EncodedAnswer => ({
  status,
  contentType,
  body: `${JSON.stringify(value)}\n`,
  warnings: [],
});

export const textAnswer = (status: number, body: string): EncodedAnswer => ({
  status,
  contentType: "text/plain; charset=utf-8",
  body,
  warnings: [],
});

/** The value in the encoding, or in JSON where that has no message for it. */
export function valueAnswer(status: number, value: unknown, encoding: Encoding): EncodedAnswer {
  const body = encoding === "protobuf" ? protobufOf(Object(value)) : undefined;
  return body === undefined
    ? jsonAnswer(status, value, encoding === "yaml" ? yamlType : undefined)
    : { status, contentType: protobufType, body, warnings: [] };
}

/** `accept` is the client's, by which the error is encoded. */
export const refusalAnswer = (refusal: Refusal, accept: string | undefined): EncodedAnswer => {
  const wait = refusal.status.details?.retryAfterSeconds;
  return {
    ...valueAnswer(refusal.code, refusal.status, plainEncoding(accept)),
    ...(wait === undefined ? {} : { headers: { "retry-after": String(wait) } }),
  };
};

/** Header values are bytes; UTF-8 ones travel as the characters of the same number. */
const headerText = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- a header may hold no controls
  Buffer.from(text.replace(/[\u0000-\u001f\u007f]+/g, " "), "utf8").toString("latin1");

const warningHeader = (text: string): string =>
  headerText(`299 - "${text.slice(0, 1024).replace(/[\\"]/g, (found) => `\\${found}`)}"`);

export function headersOf(
  sender: Sender,
  answer: Omit<EncodedAnswer, "body">,
): Record<string, string | string[]> {
  return {
    "content-type": answer.contentType,
    "audit-id": sender.auditId,
    "cache-control": "no-cache, private",
    ...(answer.warnings.length === 0 ? {} : { warning: answer.warnings.map(warningHeader) }),
    ...answer.headers,
  };
}

const takesGzip = (exchange: Exchange): boolean =>
  /(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?:1|0\.[0-9]*[1-9]))/.test(
    String(exchange.headers["accept-encoding"] ?? ""),
  );

/** Written on demand: few clients want YAML, and its writer takes 50 ms to load. */
async function inYaml({ body, ...answer }: EncodedAnswer): Promise<EncodedAnswer> {
  const { writeYaml } = await import("./yaml-body.ts");
  const text = typeof body === "string" ? body : Buffer.from(body).toString("utf8");
  return { ...answer, body: text === "" ? text : writeYaml(JSON.parse(text)) };
}

export async function send(sender: Sender, made: EncodedAnswer): Promise<void> {
  const { exchange } = sender;
  const answer = made.contentType === yamlType ? await inYaml(made) : made;
  const headers = headersOf(sender, answer);
  const size = typeof answer.body === "string" ? answer.body.length : answer.body.byteLength;
  if (size < compressFrom || !takesGzip(exchange)) {
    exchange.respond(answer.status, headers, answer.body);
    return;
  }
  const body = await compress(answer.body, { level });
  exchange.respond(answer.status, { ...headers, "content-encoding": "gzip", vary: "Accept-Encoding" }, body);
}
