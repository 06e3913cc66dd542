import createClient, { type Client } from "openapi-fetch";
import { session } from "./session.js";
import { memoryStorage, type TokenStorage } from "./storage.js";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";
export { memoryStorage, type Tokens, type TokenStorage } from "./storage.js";

/** What every failing operation answers: RFC 9457 with a stable `code` and all bad fields in `errors`. */
export type Problem = components["schemas"]["Problem"];

/** An openapi-fetch client whose paths, bodies and answers are those of `openapi/salus.v1.json`. */
export type SalusClient = Client<paths>;

export interface SalusClientOptions {
  /** Where the API listens, without `/api/v1`: `http://127.0.0.1:8080`. */
  baseUrl: string;
  /** Where the tokens are kept; in memory unless given. */
  storage?: TokenStorage;
  /** Replaces the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

/**
 * Makes a client that remembers the tokens of sign-in and sign-up, sends the bearer token, refreshes it once for all
 * calls that wait on a 401 and repeats each of them once, and gives every POST an `Idempotency-Key`.
 */
export function createSalusClient(options: SalusClientOptions): SalusClient {
  const send = options.fetch ?? ((request: Request) => globalThis.fetch(request));
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const client = createClient<paths>({ baseUrl, fetch: send });
  client.use(session({ baseUrl, send, storage: options.storage ?? memoryStorage() }));
  return client;
}

/** A refused operation as an exception, for those who prefer `try` to `if (error)`. */
export class SalusError extends Error {
  override readonly name = "SalusError";

  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(`${status} ${problem.code}: ${problem.detail}`);
  }
}

/** The data of an answer; throws a `SalusError` when the operation was refused. */
export function unwrap<T>(result: { data?: T; error?: unknown; response: Response }): T {
  if (result.response.ok) return result.data as T;
  if (isProblem(result.error)) throw new SalusError(result.response.status, result.error);
  throw new Error(`${result.response.status} without a problem document from ${result.response.url}`);
}

/** Whether a value is a problem document of this API. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "status" in value && "type" in value;
}
