// Owns what differs between the two versions of OpenAPI.

export type JsonObject = { [key: string]: unknown };

/** What differs between the two versions of OpenAPI. */
export interface Dialect {
  readonly version: 2 | 3;
  /** Before a definition's name: `#/definitions/`. */
  readonly refs: string;
}

export const dialect2: Dialect = { version: 2, refs: "#/definitions/" };
export const dialect3: Dialect = { version: 3, refs: "#/components/schemas/" };
