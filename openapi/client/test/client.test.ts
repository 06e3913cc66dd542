import assert from "node:assert/strict";
import { test } from "node:test";
import { createSalusClient, memoryStorage, SalusError, unwrap, type TokenStorage } from "../src/index.js";

interface Seen {
  path: string;
  token: string | null;
  key: string | null;
  body: string;
}

/** A server in memory: one access token is good at a time, each refresh makes the next. */
function server({ refreshes = true } = {}) {
  const seen: Seen[] = [];
  let generation = 2; // the first token that clients hold, `t1`, has expired
  const answer = (status: number, body: unknown) =>
    new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
  const problem = (status: number, code: string) =>
    answer(status, { type: `/problems/${code}`, title: code, status, detail: code, instance: "urn:uuid:0", code, errors: [] });
  const fetch = async (request: Request): Promise<Response> => {
    const path = new URL(request.url).pathname;
    const token = request.headers.get("Authorization");
    seen.push({ path, token, key: request.headers.get("Idempotency-Key"), body: await request.text() });
    await new Promise((done) => setImmediate(done));
    if (path === "/api/v1/auth/refresh") {
      if (!refreshes) return problem(401, "invalid_token");
      return answer(200, { access_token: `t${generation}`, refresh_token: `r${generation}` });
    }
    if (path === "/api/v1/auth/sign-in") return answer(200, { access_token: "t2", refresh_token: "r2" });
    return token === `Bearer t${generation}` ? answer(200, { path }) : problem(401, "invalid_token");
  };
  return { seen, fetch, to: (path: string) => seen.filter((one) => one.path === path), expire: () => (generation += 1) };
}

function signedIn(): TokenStorage {
  const storage = memoryStorage();
  void storage.write({ accessToken: "t1", refreshToken: "r1" });
  return storage;
}

const baseUrl = "http://127.0.0.1:1";
const me = "/api/v1/auth/me";

test("many waiting calls share one refresh and are each repeated once", async () => {
  const api = server();
  const client = createSalusClient({ baseUrl, fetch: api.fetch, storage: signedIn() });
  const answers = await Promise.all(Array.from({ length: 8 }, () => client.GET(me)));
  assert.deepEqual(answers.map((one) => one.response.status), Array<number>(8).fill(200));
  assert.equal(api.to("/api/v1/auth/refresh").length, 1);
  assert.equal(api.to(me).length, 16);
});

test("a repeated POST keeps its body and its Idempotency-Key, and two POSTs have different keys", async () => {
  const api = server();
  const client = createSalusClient({ baseUrl, fetch: api.fetch, storage: signedIn() });
  await client.POST("/api/v1/patients", { body: { name: "Ana" } });
  await client.POST("/api/v1/patients", { body: { name: "Ana" } });
  const [first, again, second] = api.to("/api/v1/patients");
  assert(first && again && second);
  assert.match(first.key ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(again.key, first.key);
  assert.equal(again.body, '{"name":"Ana"}');
  assert.notEqual(second.key, first.key);
});

test("a key of the caller's own is sent as it is", async () => {
  const api = server();
  const client = createSalusClient({ baseUrl, fetch: api.fetch, storage: signedIn() });
  await client.POST("/api/v1/patients", { body: { name: "Ana" }, headers: { "Idempotency-Key": "mine" } });
  assert.deepEqual(api.to("/api/v1/patients").map((one) => one.key), ["mine", "mine"]);
});

test("a refused refresh forgets the tokens and answers the 401 as a problem", async () => {
  const api = server({ refreshes: false });
  const storage = signedIn();
  const client = createSalusClient({ baseUrl, fetch: api.fetch, storage });
  const result = await client.GET(me);
  assert.throws(() => unwrap(result), (error) => error instanceof SalusError && error.problem.code === "invalid_token");
  assert.equal(await storage.read(), null);
  assert.equal(api.to(me).length, 1);
});

test("a call is repeated once only", async () => {
  const api = server();
  const client = createSalusClient({
    baseUrl,
    storage: signedIn(),
    fetch: async (request) => {
      const response = await api.fetch(request);
      if (request.url.endsWith("/refresh")) api.expire(); // the fresh token is refused as well
      return response;
    },
  });
  const { response } = await client.GET(me);
  assert.equal(response.status, 401);
  assert.equal(api.to(me).length, 2);
});

/** A server whose refresh is answered, with this status, after something else has happened. */
function slowRefresh(status: number, meanwhile: () => void | Promise<void>) {
  const sent: (string | null)[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    const isRefresh = request.url.endsWith("/refresh");
    if (!isRefresh) sent.push(request.headers.get("Authorization"));
    if (isRefresh) await meanwhile();
    const body = isRefresh ? { access_token: "late", refresh_token: "rlate" } : { code: "invalid_token" };
    const headers = { "Content-Type": "application/json" };
    return new Response(JSON.stringify(body), { status: isRefresh ? status : 401, headers });
  };
  return { sent, fetch };
}

for (const status of [200, 401]) {
  test(`a refresh answered ${status} does not overwrite a session that began meanwhile`, async () => {
    const storage = signedIn();
    const newer = { accessToken: "n1", refreshToken: "rn1" };
    const api = slowRefresh(status, () => storage.write(newer));
    await createSalusClient({ baseUrl, fetch: api.fetch, storage }).GET(me);
    assert.deepEqual(await storage.read(), newer);
    assert.deepEqual(api.sent, ["Bearer t1", "Bearer n1"]);
  });
}

test("a refresh does not sign in again whoever signed out meanwhile", async () => {
  const storage = signedIn();
  const api = slowRefresh(200, () => storage.write(null));
  await createSalusClient({ baseUrl, fetch: api.fetch, storage }).GET(me);
  assert.equal(await storage.read(), null);
  assert.deepEqual(api.sent, ["Bearer t1"]);
});

for (const status of [400, 404, 408, 422, 429, 500, 503]) {
  test(`a refresh answered ${status} keeps the tokens`, async () => {
    const storage = signedIn();
    const api = slowRefresh(status, () => undefined);
    await createSalusClient({ baseUrl, fetch: api.fetch, storage }).GET(me);
    assert.deepEqual(await storage.read(), { accessToken: "t1", refreshToken: "r1" });
  });
}

test("sign-in keeps the tokens, sends none and sign-out forgets them", async () => {
  const api = server();
  const storage = memoryStorage();
  const client = createSalusClient({ baseUrl: `${baseUrl}/`, fetch: api.fetch, storage });
  await client.POST("/api/v1/auth/sign-in", { body: { email: "a@b.example", password: "x" } });
  assert.deepEqual(await storage.read(), { accessToken: "t2", refreshToken: "r2" });
  assert.equal(api.to("/api/v1/auth/sign-in")[0]?.token, null);
  await client.POST("/api/v1/auth/sign-out");
  assert.equal(await storage.read(), null);
});
