/** What a check gets: the package as its runtime loads it, and the vectors that Rust reads too. */

import type * as edgesiem from "../../npm/src/index.ts";

export type EdgeSiem = typeof edgesiem;

export interface Context {
  /** The package. */
  edgesiem: EdgeSiem;
  /** The package once more, with a module whose memory cannot grow by more than a megabyte. */
  small: EdgeSiem;
  vectors: Vectors;
}

export interface Check {
  /** A sentence about behaviour. */
  name: string;
  /** Rejects if it does not hold. */
  run(context: Context): void | Promise<void>;
}

export interface SignatureCase {
  name: string;
  request: edgesiem.SigningRequest;
  credentials: edgesiem.Credentials;
  options: { timestamp: string; nonce: string };
  expected: Partial<edgesiem.ExplainedSignature>;
}

export interface EdgercCase {
  name: string;
  text: string;
  section: string;
  /** Either what is read, or the code of what is thrown. */
  expected: edgesiem.Credentials | string;
}

/** Plain data, so that it can be handed to a page or a Worker. */
export interface Vectors {
  decoded: { name: string; line: string; expected: string }[];
  schemas: Record<string, { name: string; line: string; document: string }[]>;
  signatures: SignatureCase[];
  edgerc: EdgercCase[];
}
