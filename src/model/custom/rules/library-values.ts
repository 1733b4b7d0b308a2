// Owns the values that Kubernetes adds to CEL: quantities, URLs, IP addresses and blocks of them.
import {
  formatIp,
  holds,
  masked,
  parseBlock,
  parseIp,
  type IpBlock,
  type IpNumber,
} from "../../../lib/ip-number.ts";
import { parseQuantity } from "../../quantity.ts";
import { failed, type Environment } from "./cel.ts";

const sync = { async: false };
const opaque = { fields: {} };

class CelQuantity {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
  equals(other: unknown): boolean {
    return other instanceof CelQuantity && other.nanos === this.nanos;
  }
}

const unit = 1_000_000_000n;

function quantityIn(text: string): CelQuantity {
  const read = parseQuantity(text);
  if (read.is === "bad") throw failed("quantity", read.message);
  return new CelQuantity(read.quantity.nanos);
}

const compare = (one: CelQuantity, other: CelQuantity): bigint =>
  one.nanos < other.nanos ? -1n : one.nanos > other.nanos ? 1n : 0n;

function asInteger({ nanos }: CelQuantity): bigint {
  if (nanos % unit !== 0n) throw failed("quantity", "cannot convert value to integer");
  return nanos / unit;
}

export function addQuantityFunctions(environment: Environment): Environment {
  const q = "Quantity";
  return environment
    .registerType(q, { ctor: CelQuantity, ...opaque })
    .registerOperator(`${q} == ${q}`, (one: CelQuantity, other: CelQuantity) => one.equals(other))
    .registerFunction(`quantity(string): ${q}`, quantityIn, sync)
    .registerFunction("isQuantity(string): bool", (text: string) => parseQuantity(text).is === "ok", sync)
    .registerFunction(`${q}.sign(): int`, (one: CelQuantity) => compare(one, new CelQuantity(0n)), sync)
    .registerFunction(`${q}.isInteger(): bool`, ({ nanos }: CelQuantity) => nanos % unit === 0n, sync)
    .registerFunction(`${q}.asInteger(): int`, asInteger, sync)
    .registerFunction(
      `${q}.asApproximateFloat(): double`,
      ({ nanos }: CelQuantity) => Number(nanos) / Number(unit),
      sync,
    )
    .registerFunction(
      `${q}.add(${q}): ${q}`,
      (one: CelQuantity, other: CelQuantity) => new CelQuantity(one.nanos + other.nanos),
      sync,
    )
    .registerFunction(
      `${q}.add(int): ${q}`,
      (one: CelQuantity, count: bigint) => new CelQuantity(one.nanos + count * unit),
      sync,
    )
    .registerFunction(
      `${q}.sub(${q}): ${q}`,
      (one: CelQuantity, other: CelQuantity) => new CelQuantity(one.nanos - other.nanos),
      sync,
    )
    .registerFunction(
      `${q}.sub(int): ${q}`,
      (one: CelQuantity, count: bigint) => new CelQuantity(one.nanos - count * unit),
      sync,
    )
    .registerFunction(`${q}.compareTo(${q}): int`, compare, sync)
    .registerFunction(
      `${q}.isGreaterThan(${q}): bool`,
      (one: CelQuantity, other: CelQuantity) => compare(one, other) > 0n,
      sync,
    )
    .registerFunction(
      `${q}.isLessThan(${q}): bool`,
      (one: CelQuantity, other: CelQuantity) => compare(one, other) < 0n,
      sync,
    );
}

/** The parts of a URL as a request's line has it: absolute, or a path from the root. */
class CelUrl {
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  constructor(text: string, [, scheme = "", authority = "", path = "", query = ""]: RegExpExecArray) {
    this.text = text;
    this.scheme = scheme.toLowerCase();
    this.host = authority.slice(authority.lastIndexOf("@") + 1);
    this.path = path;
    this.query = query;
  }
  equals(other: unknown): boolean {
    return other instanceof CelUrl && other.text === this.text;
  }
}

const urlShape = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?\s<>"\\^`{|}]*))?([^?]*)(?:\?(.*))?$/;
const escape = /%(?![0-9A-Fa-f]{2})/;
const hostShape = /^(?:[^@]*@)?(?:\[[0-9A-Fa-f:.%]+\]|[^:[\]]*)(?::\d*)?$/;

function parseUrl(text: string): CelUrl | undefined {
  // No control character, and none in a host that no host has.
  const read = Array.from(text).some((one) => one < " " || one === "\u007f") ? null : urlShape.exec(text);
  if (read === null) return undefined;
  const [, scheme, authority, path = ""] = read;
  const isRooted = scheme === undefined ? text.startsWith("/") : authority !== undefined || path !== "";
  if (!isRooted || escape.test(path) || !hostShape.test(authority ?? "")) return undefined;
  return new CelUrl(text, read);
}

function urlIn(text: string): CelUrl {
  const url = parseUrl(text);
  if (url === undefined)
    throw failed("url", `URL parse error during conversion from string: parse ${JSON.stringify(text)}`);
  return url;
}

const portShape = /:(\d*)$/;

function queryOf({ query }: CelUrl): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const values = found.get(name);
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  return found;
}

export function addUrlFunctions(environment: Environment): Environment {
  const u = "URL";
  return environment
    .registerType(u, { ctor: CelUrl, ...opaque })
    .registerOperator(`${u} == ${u}`, (one: CelUrl, other: CelUrl) => one.equals(other))
    .registerFunction(`url(string): ${u}`, urlIn, sync)
    .registerFunction("isURL(string): bool", (text: string) => parseUrl(text) !== undefined, sync)
    .registerFunction(`${u}.getScheme(): string`, ({ scheme }: CelUrl) => scheme, sync)
    .registerFunction(`${u}.getHost(): string`, ({ host }: CelUrl) => host, sync)
    .registerFunction(
      `${u}.getHostname(): string`,
      ({ host }: CelUrl) => host.replace(portShape, "").replace(/^\[(.*)\]$/, "$1"),
      sync,
    )
    .registerFunction(`${u}.getPort(): string`, ({ host }: CelUrl) => portShape.exec(host)?.[1] ?? "", sync)
    .registerFunction(
      `${u}.getEscapedPath(): string`,
      ({ path }: CelUrl) => encodeURI(path).replaceAll(/%25([0-9A-Fa-f]{2})/g, "%$1"),
      sync,
    )
    .registerFunction(`${u}.getQuery(): map<string, list<string>>`, queryOf, sync);
}

class CelIp {
  readonly ip: IpNumber;
  constructor(ip: IpNumber) {
    this.ip = ip;
  }
  equals(other: unknown): boolean {
    return other instanceof CelIp && other.ip.family === this.ip.family && other.ip.value === this.ip.value;
  }
}

class CelBlock {
  readonly block: IpBlock;
  constructor(block: IpBlock) {
    this.block = block;
  }
  equals(other: unknown): boolean {
    return other instanceof CelBlock && textOfBlock(other.block) === textOfBlock(this.block);
  }
}

const textOfBlock = ({ address, prefixLength }: IpBlock): string => `${formatIp(address)}/${prefixLength}`;

/** IPv4 addresses written as IPv6 ones are refused, as upstream. */
const plainIp = (text: string): IpNumber | undefined => {
  const ip = parseIp(text);
  return ip?.family === 6 && ip.value >> 32n === 0xffffn ? undefined : ip;
};

function ipIn(text: string): IpNumber {
  const ip = plainIp(text);
  if (ip === undefined)
    throw failed("ip", `IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  return ip;
}

function blockIn(text: string): IpBlock {
  const block = parseBlock(text);
  if (block === undefined)
    throw failed(
      "cidr",
      `network address parse error during conversion from string: ${JSON.stringify(text)}`,
    );
  return block;
}

const isWithin = (text: string): ((ip: IpNumber) => boolean) => {
  const block = blockIn(text);
  return (ip) => holds(block, ip);
};

const either =
  (...texts: string[]) =>
  (ip: IpNumber): boolean =>
    texts.some((text) => isWithin(text)(ip));

const isUnspecified = either("0.0.0.0/32", "::/128");
const isLoopback = either("127.0.0.0/8", "::1/128");
const isLinkLocal = either("169.254.0.0/16", "fe80::/10");
const isLinkLocalMulticast = either("224.0.0.0/24", "ff02::/16", "ff12::/16");
const isMulticast = either("224.0.0.0/4", "ff00::/8");
const isGlobalUnicast = (ip: IpNumber): boolean =>
  !isUnspecified(ip) &&
  !isLoopback(ip) &&
  !isLinkLocal(ip) &&
  !isMulticast(ip) &&
  !either("255.255.255.255/32")(ip);

class IpNamespace {
  readonly is = "namespace";
}

export function addIpFunctions(environment: Environment): Environment {
  const asks = (test: (ip: IpNumber) => boolean) => (one: CelIp) => test(one.ip);
  return environment
    .registerType("IP", { ctor: CelIp, ...opaque })
    .registerType("IpNamespace", IpNamespace)
    .registerConstant("ip", "IpNamespace", new IpNamespace())
    .registerOperator("IP == IP", (one: CelIp, other: CelIp) => one.equals(other))
    .registerFunction("ip(string): IP", (text: string) => new CelIp(ipIn(text)), sync)
    .registerFunction("isIP(string): bool", (text: string) => plainIp(text) !== undefined, sync)
    .registerFunction(
      "IpNamespace.isCanonical(string): bool",
      (_namespace, text: string) => formatIp(ipIn(text)) === text,
      sync,
    )
    .registerFunction("IP.family(): int", ({ ip }: CelIp) => BigInt(ip.family), sync)
    .registerFunction("IP.isUnspecified(): bool", asks(isUnspecified), sync)
    .registerFunction("IP.isLoopback(): bool", asks(isLoopback), sync)
    .registerFunction("IP.isLinkLocalUnicast(): bool", asks(isLinkLocal), sync)
    .registerFunction("IP.isLinkLocalMulticast(): bool", asks(isLinkLocalMulticast), sync)
    .registerFunction("IP.isGlobalUnicast(): bool", asks(isGlobalUnicast), sync)
    .registerFunction("string(IP): string", ({ ip }: CelIp) => formatIp(ip), sync);
}

export function addBlockFunctions(environment: Environment): Environment {
  const within = ({ block }: CelBlock, inner: IpBlock): boolean =>
    inner.prefixLength >= block.prefixLength && holds(block, inner.address);
  return environment
    .registerType("CIDR", { ctor: CelBlock, ...opaque })
    .registerOperator("CIDR == CIDR", (one: CelBlock, other: CelBlock) => one.equals(other))
    .registerFunction("cidr(string): CIDR", (text: string) => new CelBlock(blockIn(text)), sync)
    .registerFunction("isCIDR(string): bool", (text: string) => parseBlock(text) !== undefined, sync)
    .registerFunction(
      "CIDR.containsIP(IP): bool",
      ({ block }: CelBlock, { ip }: CelIp) => holds(block, ip),
      sync,
    )
    .registerFunction(
      "CIDR.containsIP(string): bool",
      ({ block }: CelBlock, text: string) => holds(block, ipIn(text)),
      sync,
    )
    .registerFunction(
      "CIDR.containsCIDR(CIDR): bool",
      (one: CelBlock, { block }: CelBlock) => within(one, block),
      sync,
    )
    .registerFunction(
      "CIDR.containsCIDR(string): bool",
      (one: CelBlock, text: string) => within(one, blockIn(text)),
      sync,
    )
    .registerFunction("CIDR.ip(): IP", ({ block }: CelBlock) => new CelIp(block.address), sync)
    .registerFunction(
      "CIDR.masked(): CIDR",
      ({ block }: CelBlock) => new CelBlock({ address: masked(block), prefixLength: block.prefixLength }),
      sync,
    )
    .registerFunction("CIDR.prefixLength(): int", ({ block }: CelBlock) => BigInt(block.prefixLength), sync)
    .registerFunction("string(CIDR): string", ({ block }: CelBlock) => textOfBlock(block), sync);
}
