/** What a sign-in leaves behind. */
export interface Tokens {
  readonly accessToken: string;
  /** Absent where the session lives in cookies. */
  readonly refreshToken: string | null;
}

/** Where the tokens live between calls: memory, a file, a browser's storage. */
export interface TokenStorage {
  read(): Tokens | null | Promise<Tokens | null>;
  /** Keeps the tokens; `null` forgets them. */
  write(tokens: Tokens | null): void | Promise<void>;
}

/** Keeps the tokens for as long as the object lives. */
export function memoryStorage(): TokenStorage {
  let kept: Tokens | null = null;
  return {
    read: () => kept,
    write: (tokens) => {
      kept = tokens;
    },
  };
}
