/** The core's functions, on whichever instance is alive. */

import type {
  CompiledModule,
  Credentials,
  DecodeOptions,
  DecodedEvent,
  EventsName,
  ExplainedSignature,
  Filter,
  Header,
  PageOptions,
  Rule,
  RuleFacets,
  SchemaName,
  SchemaOption,
  SignedRequest,
  SigningOptions,
  SigningRequest,
  TrendMicroCasEvent,
} from "../types.ts";
// build.mjs puts the loader of its platform in the place of Node's.
import { coreModule } from "../loaders/node/core.ts";
import { invalidArgument, lineOf, textOf } from "./bytes.ts";
import { schemaOf } from "./events.ts";
import { Instance, type Glue } from "./instance.ts";
import { PageDecoder } from "./page-decoder.ts";

/**
 * All functions of the core, synchronously. What the functions of the package say of themselves holds for them too, but that
 * `sign` and `explainSignature` sign a URL exactly as it is written.
 */
export interface Core {
  sign(request: SigningRequest, credentials: Credentials, options?: SigningOptions): SignedRequest;
  explainSignature(request: SigningRequest, credentials: Credentials, options?: SigningOptions): ExplainedSignature;
  parseEdgerc(text: string, section?: string): Credentials;
  credentialsFromEnv(variables: Readonly<Record<string, string | undefined>>, section?: string): Credentials | undefined;
  decodeEvent(line: string | Uint8Array, options?: DecodeOptions<"akamai-siem">): DecodedEvent;
  decodeEvent(line: string | Uint8Array, options: DecodeOptions<"trend-micro-cas">): TrendMicroCasEvent;
  decodeEvent(line: string | Uint8Array, options?: DecodeOptions): DecodedEvent | TrendMicroCasEvent;
  convert(line: string | Uint8Array, schema?: SchemaOption, filter?: Filter): string[];
  decodeRules(facets: RuleFacets): Rule[];
  decodeHeaders(encoded: string): Header[];
  schemaNames(events?: EventsName): SchemaName[];
  /** A decoder for bodies that come in chunks. Free it when it is no longer needed. */
  pageDecoder(options?: PageOptions): PageDecoder;
}

class SharedCore implements Core {
  readonly #module: WebAssembly.Module;
  #instance: Instance;

  constructor(module: WebAssembly.Module, instance: Instance) {
    this.#module = module;
    this.#instance = instance;
  }

  sign(request: SigningRequest, credentials: Credentials, options?: SigningOptions): SignedRequest {
    return this.#call((glue) => glue.sign(request, credentials, options));
  }

  explainSignature(request: SigningRequest, credentials: Credentials, options?: SigningOptions): ExplainedSignature {
    return this.#call((glue) => glue.explainSignature(request, credentials, options));
  }

  parseEdgerc(text: string, section?: string): Credentials {
    textOf("text", text);
    if (section !== undefined) textOf("section", section);
    return this.#call((glue) => glue.parseEdgerc(text, section));
  }

  credentialsFromEnv(variables: Readonly<Record<string, string | undefined>>, section?: string): Credentials | undefined {
    if (section !== undefined) textOf("section", section);
    return this.#call((glue) => glue.credentialsFromEnv(variables, section));
  }

  // The overloads of the interface say which of the two it is.
  decodeEvent(line: string | Uint8Array, options?: DecodeOptions | null): DecodedEvent & TrendMicroCasEvent {
    const given = lineOf(line);
    const schema = schemaOf(undefined, options?.events);
    return JSON.parse(this.#call((glue) => glue.decodeEvent(given, schema))) as DecodedEvent & TrendMicroCasEvent;
  }

  convert(line: string | Uint8Array, schema?: SchemaOption, filter?: Filter): string[] {
    const given = lineOf(line);
    return this.#call((glue) => glue.convert(given, schema, filter));
  }

  decodeRules(facets: RuleFacets): Rule[] {
    return this.#call((glue) => glue.decodeRules(facets));
  }

  decodeHeaders(encoded: string): Header[] {
    textOf("encoded", encoded);
    return this.#call((glue) => glue.decodeHeaders(encoded));
  }

  schemaNames(events?: EventsName): SchemaName[] {
    return this.#call((glue) => glue.schemaNames(events));
  }

  pageDecoder(options?: PageOptions | null): PageDecoder {
    return new PageDecoder(this.#alive(), options ?? {});
  }

  #call<T>(work: (glue: Glue) => T): T {
    return this.#alive().call(work);
  }

  #alive(): Instance {
    if (this.#instance.isSpent) this.#instance = Instance.open(this.#module);
    return this.#instance;
  }
}

let loading: Promise<Core> | undefined;

/**
 * Gets the core ready and gives its functions, which are synchronous. All other functions of this package do it by themselves
 * when they are first called. It is loaded once; a failure is not kept, so that the next call tries again.
 *
 * @param module The compiled module, where you have it already, such as of `edgesiem/core.wasm`. The first call decides which one is used.
 * @throws `EdgeSiemError` with the code `module_missing` if the WebAssembly file is not beside the code.
 * @example
 * ```ts
 * import { load } from "edgesiem";
 *
 * const core = await load();
 * const lines = ['{"attackData":{"rules":"OTUwMDAy"}}', '{"attackData":{"rules":"MzkwNA=="}}'];
 * const rules = lines.map((line) => core.decodeEvent(line).attackData?.rules?.[0]?.rule);
 * console.log(rules); // [ '950002', '3904' ]
 * ```
 */
export function load(module?: CompiledModule): Promise<Core> {
  loading ??= open(module).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function open(given: CompiledModule | undefined): Promise<Core> {
  if (given !== undefined && !(given instanceof WebAssembly.Module)) {
    throw invalidArgument("module", "needs a WebAssembly.Module", "pass what `WebAssembly.compile` gives, or nothing");
  }
  const module = given ?? (await coreModule());
  return new SharedCore(module, Instance.open(module));
}
