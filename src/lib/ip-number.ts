// Owns IP addresses and blocks of them as numbers, and their canonical text.
import { isIpv4, isIpv6 } from "./ip.ts";

export interface IpNumber {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface IpBlock {
  readonly address: IpNumber;
  readonly prefixLength: number;
}

export const bitsOf = ({ family }: IpNumber): number => (family === 4 ? 32 : 128);

const v4Value = (text: string): bigint =>
  text.split(".").reduce((total, octet) => total * 256n + BigInt(octet), 0n);

export function parseIp(text: string): IpNumber | undefined {
  if (isIpv4(text)) return { family: 4, value: v4Value(text) };
  if (!isIpv6(text)) return undefined;
  const [head = "", tail] = text.split("::");
  const groupsOf = (part: string): bigint[] =>
    part === ""
      ? []
      : part.split(":").flatMap((group) => {
          if (!group.includes(".")) return [BigInt(`0x${group}`)];
          const value = v4Value(group);
          return [value >> 16n, value & 0xffffn];
        });
  const [front, back] = [groupsOf(head), groupsOf(tail ?? "")];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0n);
  const value = [...front, ...zeros, ...back].reduce((total, group) => (total << 16n) + group, 0n);
  return { family: 6, value };
}

/** RFC 5952: the longest run of zeros is left out, letters are small. */
export function formatIp({ family, value }: IpNumber): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((value >> BigInt(112 - at * 16)) & 0xffffn).toString(16),
  );
  const text = groups.join(":");
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?![0-9a-f])/g)].map(([run]) => run);
  const longest = runs.reduce((best, run) => (countOf(run) > countOf(best) ? run : best), "");
  return longest === "" ? text : text.replace(longest, "::").replace(/:{3}/, "::");
}

const countOf = (run: string): number => run.replaceAll(":", "").length;

export function parseBlock(text: string): IpBlock | undefined {
  const [address = "", length = "", ...more] = text.split("/");
  const ip = parseIp(address);
  if (ip === undefined || more.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(length)) return undefined;
  return Number(length) > bitsOf(ip) ? undefined : { address: ip, prefixLength: Number(length) };
}

/** The address with the bits beyond the prefix taken away. */
export function masked({ address, prefixLength }: IpBlock): IpNumber {
  const free = BigInt(bitsOf(address) - prefixLength);
  return { family: address.family, value: (address.value >> free) << free };
}

export const holds = (block: IpBlock, ip: IpNumber): boolean =>
  ip.family === block.address.family &&
  masked({ address: ip, prefixLength: block.prefixLength }).value === masked(block).value;
