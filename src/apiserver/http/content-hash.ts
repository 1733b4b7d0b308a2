// Owns a short name for a content, for ETags and for URLs that change with what they name. Not for secrets.

/** Two FNV-1a runs from different starts over the UTF-16 code units: 64 bits in hex. */
export function contentHash(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ (unit + at), 0x01000193);
  }
  const hex = (part: number): string => (part >>> 0).toString(16).padStart(8, "0").toUpperCase();
  return hex(low) + hex(high);
}
