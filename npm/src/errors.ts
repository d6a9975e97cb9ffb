/**
 * What this package throws.
 *
 * Texts are safe to print: what others wrote is escaped in them, and they hold no secret.
 */

/** What an error says beside its message. */
export interface ErrorDetails {
  /** Stable name for programs, such as `malformed_event` or `source_unavailable`. */
  code: string;
  /** Whether the same call may succeed later without anybody doing anything. */
  retryable: boolean;
  /** What the reader should do. */
  userAction: string;
  /** Facts beside the message, by their names. */
  context?: Readonly<Record<string, string>> | undefined;
  /** What caused it. */
  cause?: unknown;
}

/**
 * Every error of this package is one of these.
 *
 * @example
 * ```ts
 * import { EdgeSiemError, decodeEvent } from "edgesiem";
 *
 * try {
 *   await decodeEvent("no event");
 * } catch (error) {
 *   if (!(error instanceof EdgeSiemError)) throw error;
 *   console.log(error.code, error.retryable, error.userAction);
 *   // malformed_event false pass one event, a complete JSON object
 * }
 * ```
 */
export class EdgeSiemError extends Error {
  /** Stable name for programs. */
  readonly code: string;
  /** Whether the same call may succeed later without anybody doing anything. */
  readonly retryable: boolean;
  /** What the reader should do. */
  readonly userAction: string;
  /** Facts beside the message, by their names. */
  declare readonly context?: Readonly<Record<string, string>>;

  static {
    // On the prototype: an instance would show its name among its own members when it is printed.
    this.prototype.name = "EdgeSiemError";
  }

  constructor(message: string, details: ErrorDetails) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = details.code;
    this.retryable = details.retryable;
    this.userAction = details.userAction;
    if (details.context !== undefined) this.context = details.context;
  }
}

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Path of the key, such as `streams[0].source.host`. */
  key: string;
  /** What is wrong with it. */
  message: string;
  /** What to write instead. */
  userAction: string;
}

/** A configuration is not usable. It names every problem, not only the first. */
export class ConfigError extends EdgeSiemError {
  /** All that is wrong, in the order of the configuration. */
  readonly problems: readonly Problem[];

  static {
    this.prototype.name = "ConfigError";
  }

  constructor(message: string, details: ErrorDetails & { problems?: readonly Problem[] | undefined }) {
    super(message, details);
    this.problems = details.problems ?? [];
  }
}

/** Credentials are missing, or cannot be used as they are written. */
export class CredentialsError extends EdgeSiemError {
  static {
    this.prototype.name = "CredentialsError";
  }
}

/** An argument is not what its type says. */
export class InvalidArgumentError extends EdgeSiemError {
  static {
    this.prototype.name = "InvalidArgumentError";
  }
}

/** What was asked of a report breaks its rules; nothing was asked for. It names every problem, not only the first. */
export class InvalidReportError extends InvalidArgumentError {
  /** All that is wrong; keys are those of the query, such as `query.dimensions[2]`. */
  readonly problems: readonly Problem[];

  static {
    this.prototype.name = "InvalidReportError";
  }

  constructor(message: string, details: ErrorDetails & { problems?: readonly Problem[] | undefined }) {
    super(message, details);
    this.problems = details.problems ?? [];
  }
}

/** A line is not an event, or a part of one cannot be taken apart. */
export class MalformedEventError extends EdgeSiemError {
  static {
    this.prototype.name = "MalformedEventError";
  }
}

/** The source refused a request, could not be reached, or sent half a page. */
export class SourceError extends EdgeSiemError {
  static {
    this.prototype.name = "SourceError";
  }
}

/** A sink refused a batch, or could not be reached. */
export class SinkError extends EdgeSiemError {
  static {
    this.prototype.name = "SinkError";
  }
}

/** The checkpoint or a dead letter could not be read or written, or another run holds the stream. */
export class StoreError extends EdgeSiemError {
  static {
    this.prototype.name = "StoreError";
  }
}

/**
 * The WebAssembly module stopped in the middle of a call (code `core_stopped`): it ran out of memory or stack. What it was
 * doing is lost; the next call works on a fresh instance.
 */
export class CoreStoppedError extends EdgeSiemError {
  static {
    this.prototype.name = "CoreStoppedError";
  }

  constructor(message: string, cause?: unknown) {
    super(message, {
      code: "core_stopped",
      retryable: true,
      userAction: "call again, which gets a fresh instance; if it stops again, hand it less at a time",
      cause,
    });
  }
}

type ErrorClass = new (message: string, details: ErrorDetails) => EdgeSiemError;

const CLASSES: Readonly<Record<string, ErrorClass>> = {
  config: ConfigError,
  missing_secret: ConfigError,
  edgerc_syntax: CredentialsError,
  edgerc_section_missing: CredentialsError,
  credentials_missing: CredentialsError,
  credentials_invalid: CredentialsError,
  invalid_argument: InvalidArgumentError,
  unknown_schema: InvalidArgumentError,
  malformed_event: MalformedEventError,
  too_many_items: MalformedEventError,
  source_refused: SourceError,
  source_unavailable: SourceError,
  page_incomplete: SourceError,
  invalid_report: InvalidReportError,
  report_too_large: SourceError,
  sink_refused: SinkError,
  sink_unavailable: SinkError,
  store: StoreError,
  conflict: StoreError,
};

/** What a module throws, as far as it is there. */
type Thrown = Error & Partial<Record<"code" | "retryable" | "userAction" | "context" | "problems", unknown>>;

/**
 * What a WebAssembly module of this package threw, as one of the classes above by its `code`. Anything else, also what is one
 * already, comes back unchanged.
 */
export function fromCore(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof EdgeSiemError) return thrown;
  const { message, code, retryable, userAction, context, problems } = thrown as Thrown;
  // Errors of the platform have codes too; only ours say what to do.
  if (typeof code !== "string" || typeof userAction !== "string") return thrown;
  const details = {
    code,
    retryable: retryable === true,
    userAction,
    context: texts(context),
    problems: Array.isArray(problems) ? problems.filter(isProblem) : undefined,
  };
  const Class = Object.hasOwn(CLASSES, code) ? CLASSES[code] : undefined;
  return new (Class ?? EdgeSiemError)(message, details);
}

function texts(value: unknown): Record<string, string> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const { key, message, userAction } = value as Partial<Record<keyof Problem, unknown>>;
  return typeof key === "string" && typeof message === "string" && typeof userAction === "string";
}
