import type { Middleware } from "openapi-fetch";
import type { paths } from "./schema.js";
import type { Tokens, TokenStorage } from "./storage.js";

const REFRESH: keyof paths = "/api/v1/auth/refresh";
const SIGN_OUT: keyof paths = "/api/v1/auth/sign-out";
/** Operations that answer tokens and are asked without one. */
const OPENING: readonly string[] = ["/api/v1/auth/sign-in", "/api/v1/auth/sign-up", REFRESH] satisfies (keyof paths)[];

interface SessionOptions {
  baseUrl: string;
  send: (request: Request) => Promise<Response>;
  storage: TokenStorage;
}

/** The middleware of a signed-in caller; see `createSalusClient`. */
export function session({ baseUrl, send, storage }: SessionOptions): Middleware {
  /** Untouched copies of the requests on their way: a body can be read only once. */
  const copies = new Map<string, Request>();
  let refreshing: Promise<Tokens | null> | null = null;

  async function refresh(expired: Tokens): Promise<Tokens | null> {
    const { refreshToken } = expired;
    if (refreshToken === null) return null;
    const response = await send(
      new Request(baseUrl + REFRESH, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ refresh_token: refreshToken }),
      }),
    );
    const fresh = response.ok ? tokensOf(await response.json()) : null;
    // Whoever signed in or out while this was on its way knows better: what they kept stays.
    const kept = await storage.read();
    if (kept?.refreshToken !== refreshToken) return kept;
    // Only a refusal ends the session: a server that is down, busy or asked wrongly may still know the token.
    if (fresh !== null || response.status === 401) await storage.write(fresh);
    return fresh;
  }

  async function remember(response: Response): Promise<Tokens | null> {
    const answer: unknown = await response.clone().json();
    const tokens = tokensOf(answer);
    if (tokens !== null) await storage.write(tokens);
    return tokens;
  }

  /** The tokens to repeat a refused call with: fresh ones, or those another call has fetched meanwhile. */
  async function successor(refused: Request): Promise<Tokens | null> {
    if (refreshing !== null) return refreshing;
    const tokens = await storage.read();
    if (tokens === null) return null;
    if (refused.headers.get("Authorization") !== bearer(tokens)) return tokens;
    // Another call may have begun while the storage was read.
    refreshing ??= refresh(tokens).finally(() => {
      refreshing = null;
    });
    return refreshing;
  }

  return {
    async onRequest({ request, schemaPath, id }) {
      if (OPENING.includes(schemaPath)) return undefined;
      if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
        request.headers.set("Idempotency-Key", crypto.randomUUID());
      }
      const tokens = await storage.read();
      if (tokens !== null && !request.headers.has("Authorization")) {
        request.headers.set("Authorization", bearer(tokens));
        copies.set(id, request.clone());
      }
      return request;
    },

    async onResponse({ response, schemaPath, id }) {
      if (OPENING.includes(schemaPath)) {
        if (response.ok) await remember(response);
        return undefined;
      }
      const copy = copies.get(id);
      copies.delete(id);
      if (schemaPath === SIGN_OUT && response.ok) await storage.write(null);
      if (response.status !== 401 || copy === undefined) return undefined;
      const tokens = await successor(copy);
      if (tokens === null) return undefined;
      copy.headers.set("Authorization", bearer(tokens));
      return send(copy);
    },

    onError({ id }) {
      copies.delete(id);
    },
  };
}

function bearer(tokens: Tokens): string {
  return `Bearer ${tokens.accessToken}`;
}

function tokensOf(answer: unknown): Tokens | null {
  if (typeof answer !== "object" || answer === null) return null;
  const { access_token: access, refresh_token: next } = answer as Record<string, unknown>;
  if (typeof access !== "string") return null;
  return { accessToken: access, refreshToken: typeof next === "string" ? next : null };
}
