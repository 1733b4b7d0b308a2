// Tests addresses as numbers: their canonical text, and what blocks hold.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIp, holds, masked, parseBlock, parseIp } from "./ip-number.ts";

const canonical = (text: string): string | undefined => {
  const ip = parseIp(text);
  return ip && formatIp(ip);
};

describe("an address", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["10:0:0:0:0:0:0:100", "10::100"],
    ["::ffff:1.2.3.4", "::ffff:102:304"],
    ["010.0.0.1", undefined],
    ["1::2::3", undefined],
    ["fe80::1%eth0", undefined],
  ])("%s is %s", (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it("is the same number again when its text is read", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.nat({ max: 120 }), (bits, zeros) => {
        // Runs of zeros are what text leaves out.
        const value = (bits >> BigInt(zeros)) << BigInt(zeros);
        expect(parseIp(formatIp({ family: 6, value }))).toEqual({ family: 6, value });
        const short = { family: 4 as const, value: value & 0xffffffffn };
        expect(parseIp(formatIp(short))).toEqual(short);
      }),
    );
  });
});

describe("a block", () => {
  it.each([
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["0.0.0.0/0", "1.2.3.4", true],
    ["0.0.0.0/0", "::1", false],
    ["2001:db8::/32", "2001:db8:ffff::1", true],
    ["10.0.0.1/32", "10.0.0.2", false],
  ])("%s holds %s: %s", (block, ip, expected) => {
    const [read, address] = [parseBlock(block), parseIp(ip)];
    expect(read !== undefined && address !== undefined && holds(read, address)).toBe(expected);
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "x/8", "10.0.0.0/8/8"])("%s is none", (text) => {
    expect(parseBlock(text)).toBeUndefined();
  });

  it("masks what is beyond its prefix", () => {
    const block = parseBlock("10.1.2.3/12");
    expect(block && formatIp(masked(block))).toBe("10.0.0.0");
  });
});
