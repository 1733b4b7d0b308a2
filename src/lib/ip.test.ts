// Owns the proof that IP addresses are told from other text.
import { expect, test } from "vitest";
import { isIp, isIpv4, isIpv6 } from "./ip.ts";

test.each([
  ["10.0.0.1", true],
  ["255.255.255.255", true],
  ["256.0.0.1", false],
  ["10.0.0", false],
  ["010.0.0.1", false],
  ["::", true],
  ["::1", true],
  ["2001:db8::ffff", true],
  ["1:2:3:4:5:6:7:8", true],
  ["1:2:3:4:5:6:7", false],
  ["1::2::3", false],
  ["::ffff:10.0.0.1", true],
  ["::ffff:10.0.0.256", false],
  ["fe80::1%eth0", false],
  ["12345::", false],
  ["host", false],
  ["", false],
])("%j: %j", (text, expected) => {
  expect(isIp(text)).toBe(expected);
  expect(isIpv4(text) && isIpv6(text)).toBe(false);
});
