// Owns the port to asking a server for another protocol than HTTP (exec, attach, port-forward).
import type { Duplex } from "node:stream";

export interface UpgradeRequest {
  readonly method: string;
  readonly url: string;
  /** `connection` and `upgrade` among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export type Upgraded =
  | {
      readonly is: "switched";
      /** Name and value in turn, as they came. */
      readonly rawHeaders: readonly string[];
      readonly socket: Duplex;
      /** What came with the answer already. */
      readonly head: Uint8Array;
    }
  | {
      readonly is: "refused";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

/** With one set of credentials. Rejects where the server cannot be reached. */
export type UpgradeClient = (request: UpgradeRequest) => Promise<Upgraded>;
