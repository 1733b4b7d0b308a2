// Owns the reading of IP addresses as text.

const octet = "(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
const v4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
const group = /^[0-9a-fA-F]{1,4}$/;

export const isIpv4 = (text: string): boolean => v4.test(text);

/** Zones (`fe80::1%eth0`) are no part of an address. */
export function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2 || !text.includes(":")) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? "";
  // An IPv4 address at the end stands for two groups.
  const embedded = text.endsWith(last) && isIpv4(last);
  const plain = embedded ? groups.slice(0, -1) : groups;
  const count = plain.length + (embedded ? 2 : 0);
  return plain.every((part) => group.test(part)) && (halves.length === 2 ? count < 8 : count === 8);
}

export const isIp = (text: string): boolean => isIpv4(text) || isIpv6(text);
