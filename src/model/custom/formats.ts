// Owns the formats of strings and numbers that schemas may ask for; of others nothing is asked.
import { isIpv4, isIpv6 } from "../../lib/ip.ts";
import { parseTime } from "../time.ts";
import { patternOf } from "./pattern.ts";

const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && parseTime(`${text}T00:00:00Z`) !== undefined;

function isUri(text: string): boolean {
  try {
    return new URL(text).protocol !== "";
  } catch {
    return false;
  }
}

function isCidr(text: string): boolean {
  const [address = "", length = "", ...more] = text.split("/");
  const most = isIpv4(address) ? 32 : isIpv6(address) ? 128 : -1;
  return more.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= most;
}

const uuid = (version: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, "i");
const like =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);

/** Its parts can be read in many ways, which takes an expression of ours long. */
const duration = patternOf(
  "(?i)^[-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)\\s*(?:[a-zµ]+)?(?:\\s*\\d+(?:\\.\\d*)?\\s*[a-zµ]+)*$",
);

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  "date-time": (text) => parseTime(text.toUpperCase()) !== undefined,
  datetime: (text) => parseTime(text.toUpperCase()) !== undefined,
  duration: (text) => duration.test(text),
  byte: like(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  uri: isUri,
  email: like(/^[^\s@<>]+@[^\s@<>]+$/),
  hostname: like(
    /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\.?$/i,
  ),
  ipv4: isIpv4,
  ipv6: isIpv6,
  cidr: isCidr,
  mac: like(/^(?:[0-9a-f]{2}[:-]){5}(?:[0-9a-f]{2}[:-]?){1,3}$/i),
  uuid: like(uuid("[0-9a-f]")),
  uuid3: like(uuid("3")),
  uuid4: like(uuid("4")),
  uuid5: like(uuid("5")),
  hexcolor: like(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
};

export const fitsFormat = (format: string, text: string): boolean =>
  !Object.hasOwn(formats, format) || formats[format]?.(text) !== false;

const int32Max = 2_147_483_647;

export const fitsNumberFormat = (format: string, value: number): boolean =>
  format !== "int32" || (value <= int32Max && value >= -int32Max - 1);
