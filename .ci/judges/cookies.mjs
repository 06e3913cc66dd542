// Keeps a session in cookies in headless Chromium: a page of the same site on another port signs in, reads who it is, and
// changes something with its CSRF token; no script finds a token; a page of another site gets nothing and changes nothing.
// Usage: SALUS_URL=http://127.0.0.1:PORT SALUS_PAGE_ORIGIN=http://127.0.0.1:OTHER (listed in CORS_ORIGINS) JUDGES_NODE=... node cookies.mjs
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(join(process.env.JUDGES_NODE, "package.json"))("playwright-core");
const base = process.env.SALUS_URL;
const ours = process.env.SALUS_PAGE_ORIGIN;
const api = `${base}/api/v1`;
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A server of one empty page; answers its origin under the given host name. */
async function serve(host, port) {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>page</title>");
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  return { origin: `http://${host}:${server.address().port}`, close: () => server.close() };
}

/** Fetches as a script of the page does; status 0 when the browser keeps the answer from it. */
function call(page, method, url, { body, csrf, mode } = {}) {
  return page.evaluate(
    async ([method, url, body, csrf, mode]) => {
      const headers = {};
      if (body !== undefined) headers["Content-Type"] = mode === "no-cors" ? "text/plain" : "application/json";
      if (csrf !== undefined) headers["X-CSRF-Token"] = csrf;
      const text = body === undefined ? undefined : JSON.stringify(body);
      try {
        const answer = await fetch(url, { method, headers, body: text, mode: mode ?? "cors", credentials: "include" });
        const told = await answer.text();
        return { status: answer.status, body: told === "" ? null : JSON.parse(told) };
      } catch {
        return { status: 0, body: null };
      }
    },
    [method, url, body, csrf, mode],
  );
}

const mine = await serve("127.0.0.1", new URL(ours).port);
assert.equal(mine.origin, ours);
// To a browser, `localhost` and `127.0.0.1` are two sites.
const foreign = await serve("localhost", 0);
const profile = await mkdtemp(join(tmpdir(), "salus-chromium-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
});
try {
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(30_000);
  await page.goto(ours);
  const credentials = { email: "receptionist@aurora.example", password: "Salus-demo-2026", transport: "cookie" };
  const session = await call(page, "POST", `${api}/auth/sign-in`, { body: credentials });
  assert.equal(session.status, 200, JSON.stringify(session.body));
  assert.deepEqual([session.body.access_token, session.body.refresh_token], [null, null]);
  const csrf = session.body.csrf_token;

  const cookies = (await context.cookies(base)).filter((cookie) => cookie.name.startsWith("__Host-"));
  assert.deepEqual(cookies.map((cookie) => cookie.name).sort(), ["__Host-salus_access", "__Host-salus_refresh"]);
  for (const cookie of cookies) {
    assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path], [true, true, "Lax", "/"], cookie.name);
  }
  const found = await page.evaluate(() => document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage));
  assert(!found.includes("__Host-") && cookies.every((cookie) => !found.includes(cookie.value)), "a script finds a token");

  const me = await call(page, "GET", `${api}/auth/me`);
  assert.deepEqual([me.status, me.body?.email, me.body?.csrf_token], [200, credentials.email, csrf]);
  const name = "Página de outra porta";
  const patient = await call(page, "POST", `${api}/patients`, { body: { name }, csrf });
  assert.equal(patient.status, 201, JSON.stringify(patient.body));
  for (const wrong of [undefined, "x".repeat(43)]) {
    const refused = await call(page, "POST", `${api}/patients`, { body: { name }, csrf: wrong });
    assert.deepEqual([refused.status, refused.body?.code], [403, "csrf_token_invalid"]);
  }
  // A page that is opened anew has only the cookies.
  await page.reload();
  const again = await call(page, "GET", `${api}/auth/me`);
  assert.deepEqual([again.status, again.body?.csrf_token], [200, csrf]);
  const renewed = await call(page, "POST", `${api}/auth/refresh`);
  assert.deepEqual([renewed.status, renewed.body?.refresh_token, renewed.body?.csrf_token], [200, null, csrf]);

  const count = async () => (await call(page, "GET", `${api}/patients?include=total&limit=1`)).body.total;
  const before = await count();
  const other = await context.newPage();
  await other.goto(foreign.origin);
  for (const path of ["/auth/me", "/patients"]) {
    assert.equal((await call(other, "GET", api + path)).status, 0, `a foreign page reads ${path}`);
  }
  for (const mode of ["cors", "no-cors"]) {
    for (const path of ["/patients", "/auth/sign-out", "/auth/refresh", "/auth/sign-in"]) {
      const body = path === "/auth/sign-in" ? credentials : { name: "De fora" };
      const answer = await call(other, "POST", api + path, { body, csrf: mode === "cors" ? csrf : undefined, mode });
      assert.equal(answer.status, 0, `a foreign page gets an answer from ${path}`);
    }
  }
  // A form goes wherever it likes; it arrives without the cookies.
  for (const path of ["/auth/sign-out", "/auth/refresh"]) {
    // A page of its own: the form's own navigation may still go on when its answer has come.
    const sending = await context.newPage();
    await sending.goto(foreign.origin);
    const arrived = sending.waitForResponse((response) => response.url() === api + path);
    await sending.evaluate((action) => {
      const form = Object.assign(document.createElement("form"), { method: "POST", action });
      document.body.append(form);
      form.submit();
    }, api + path);
    const status = (await arrived).status();
    assert([401, 403, 415, 422].includes(status), `a foreign form is answered ${status} by ${path}`);
  }
  assert.equal(await count(), before, "a foreign page added a patient");

  const out = await call(page, "POST", `${api}/auth/sign-out`, { csrf });
  assert.equal(out.status, 204);
  assert.equal((await context.cookies(base)).filter((cookie) => cookie.name.startsWith("__Host-")).length, 0);
  assert.equal((await call(page, "GET", `${api}/auth/me`)).status, 401);
  console.log(`cookies: ${ours} signed in, read, wrote and signed out; ${foreign.origin} got nothing`);
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
  mine.close();
  foreign.close();
}
