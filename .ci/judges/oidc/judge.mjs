// Signs in at real OpenID providers as a browser does, and at forged ones as an attacker would.
import assert from "node:assert/strict";
import { createServer } from "node:http";

import { Browser } from "./browser.mjs";
import { appleInChromium } from "./chromium.mjs";
import { jose, keys, signed, start } from "./provider.mjs";

const base = process.env.SALUS_URL;
const page = `${process.env.SALUS_PAGE_ORIGIN}/signed-in`;
const oidc = `${base}/api/v1/auth/oidc`;
const callback = (name) => `${oidc}/${name}/callback`;
const password = "Salus-demo-2026";

const google = await start(process.env.OIDC_GOOGLE, callback("google"), "client_secret_basic");
const apple = await start(process.env.OIDC_APPLE, callback("apple"), "client_secret_post");
let passed = 0;

async function check(name, test) {
  try {
    await test();
    passed += 1;
    process.stderr.write(`ok      ${name}\n`);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`FAILED  ${name}\n${error.stack}\n`);
  } finally {
    google.forge = apple.forge = undefined;
  }
}

const begin = (name) => `${oidc}/${name}/start?return_to=${encodeURIComponent(page)}`;

/** Goes to a provider and signs in there; the address, or the page with the form, that leads back. */
const visit = (browser, name, login) => browser.follow(begin(name), login, callback(name));

/** Comes back to the page, whose parameters are answered. */
async function land(browser, { url }) {
  const answer = await browser.send(url);
  assert.equal(answer.status, 303, await answer.text());
  const landing = answer.headers.get("location");
  assert.ok(landing.startsWith(`${page}?`), landing);
  return new URL(landing).searchParams;
}

const signIn = async (name, login, browser = new Browser()) => land(browser, await visit(browser, name, login));

/** A code is worth something only in the browser that began. */
async function exchange(browser, body) {
  const headers = { "content-type": "application/json" };
  const answer = await browser.send(`${oidc}/exchange`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

async function refused(answer, status, code) {
  const problem = await answer.json();
  assert.deepEqual([answer.status, problem.code], [status, code]);
}

/** A forged id token leads to no code. */
const forged = (name, forge, code = "identity.oidc_failed") =>
  check(name, async () => {
    google.forge = forge;
    const landing = await signIn("google", "receptionist@aurora.example");
    assert.deepEqual([landing.get("error"), landing.get("code")], [code, null]);
  });

await check("the providers are listed", async () => {
  const { items } = await (await fetch(`${oidc}/providers`)).json();
  assert.deepEqual(items.map((item) => item.id), ["google", "microsoft", "apple"]);
});

await check("nobody gets an account out of nothing", async () => {
  const landing = await signIn("google", "nobody@aurora.example");
  assert.equal(landing.get("error"), "identity.oidc_no_account");
});

await check("an address that is not verified opens nothing", async () => {
  const landing = await signIn("google", "receptionist@aurora.example?");
  assert.equal(landing.get("error"), "identity.oidc_email_unverified");
});

await check("the first sign-in asks for the password once, and is tied by it", async () => {
  const browser = new Browser();
  const code = (await signIn("google", "receptionist@aurora.example", browser)).get("code");
  const asked = await exchange(browser, { code });
  assert.deepEqual([asked.status, asked.body.code], [422, "identity.oidc_password_required"]);
  const wrong = await exchange(browser, { code: asked.body.code_next, password: "not the password" });
  assert.deepEqual([wrong.status, wrong.body.code], [401, "identity.invalid_credentials"]);
  const opened = await exchange(browser, { code: asked.body.code_next, password });
  assert.equal(opened.status, 200, JSON.stringify(opened.body));
  const me = await fetch(`${base}/api/v1/auth/me`, { headers: { authorization: `Bearer ${opened.body.access_token}` } });
  assert.equal((await me.json()).email, "receptionist@aurora.example");
});

await check("a code signs nobody in at another browser", async () => {
  const code = (await signIn("google", "receptionist@aurora.example")).get("code");
  const elsewhere = await exchange(new Browser(), { code });
  assert.deepEqual([elsewhere.status, elsewhere.body.code], [401, "identity.oidc_code_invalid"]);
});

await check("from then on the provider is enough, and its code works once", async () => {
  const browser = new Browser();
  const code = (await signIn("google", "receptionist@aurora.example", browser)).get("code");
  assert.equal((await exchange(browser, { code })).status, 200);
  const again = await exchange(browser, { code });
  assert.deepEqual([again.status, again.body.code], [401, "identity.oidc_code_invalid"]);
});

await check("a wrong state is refused, and so is the right one in another browser", async () => {
  const browser = new Browser();
  const back = await visit(browser, "google", "receptionist@aurora.example");
  const other = new URL(back.url);
  other.searchParams.set("state", Buffer.alloc(32, 7).toString("base64url"));
  await refused(await browser.send(other), 422, "identity.oidc_state_invalid");
  await refused(await new Browser().send(back.url), 422, "identity.oidc_state_invalid");
  const stranger = new Browser();
  await stranger.send(begin("google"));
  await refused(await stranger.send(back.url), 422, "identity.oidc_state_invalid");
  await refused(await browser.send(back.url), 422, "identity.oidc_state_invalid");
});

await check("a callback that comes again is refused", async () => {
  const browser = new Browser();
  const back = await visit(browser, "google", "receptionist@aurora.example");
  assert.ok((await land(browser, back)).get("code"));
  await refused(await browser.send(back.url), 422, "identity.oidc_state_invalid");
});

await check("a code of another sign-in is refused by the provider's own proof", async () => {
  const browser = new Browser();
  const victim = await visit(new Browser(), "google", "admin@aurora.example");
  const back = new URL((await visit(browser, "google", "receptionist@aurora.example")).url);
  back.searchParams.set("code", new URL(victim.url).searchParams.get("code"));
  assert.equal((await land(browser, { url: back.href })).get("error"), "identity.oidc_failed");
});

await check("a code that the provider has redeemed before is refused", async () => {
  const browser = new Browser();
  const first = await visit(browser, "google", "receptionist@aurora.example");
  assert.ok((await land(browser, first)).get("code"));
  const second = new URL((await visit(browser, "google", "receptionist@aurora.example")).url);
  second.searchParams.set("code", new URL(first.url).searchParams.get("code"));
  assert.equal((await land(browser, { url: second.href })).get("error"), "identity.oidc_failed");
});

await check("whoever gives up at the provider comes back with that", async () => {
  const browser = new Browser();
  const back = new URL((await visit(browser, "google", "receptionist@aurora.example")).url);
  back.searchParams.delete("code");
  back.searchParams.set("error", "access_denied");
  assert.equal((await land(browser, { url: back.href })).get("error"), "identity.oidc_denied");
});

const now = () => Math.floor(Date.now() / 1000);
const other = await jose.generateKeyPair("RS256");
await check("a token that is signed anew as the provider signs is accepted", async () => {
  google.forge = (claims) => signed(claims);
  assert.ok((await signIn("google", "receptionist@aurora.example")).get("code"));
});
await forged("a wrong nonce", (claims) => signed({ ...claims, nonce: Buffer.alloc(32, 7).toString("base64url") }));
await forged("no nonce", ({ nonce, ...claims }) => signed(claims));
await forged("a wrong audience", (claims) => signed({ ...claims, aud: "somebody-else" }));
await forged("a second audience", (claims) => signed({ ...claims, aud: ["salus", "somebody-else"] }));
await forged("another authorized party", (claims) => signed({ ...claims, azp: "somebody-else" }));
await forged("a wrong issuer", (claims) => signed({ ...claims, iss: "https://accounts.evil.example" }));
await forged("an expired token", (claims) => signed({ ...claims, iat: now() - 3_700, exp: now() - 100 }));
await forged("a token of the future", (claims) => signed({ ...claims, iat: now() + 600, exp: now() + 4_000 }));
await forged("a key of somebody else", (claims, header) => signed(claims, header, other.privateKey));
await forged("an unknown key", (claims) => signed(claims, { alg: "RS256", kid: "unknown" }, other.privateKey));
await forged("no signature", (claims) => new jose.UnsecuredJWT(claims).encode());
await forged("our secret as the key", (claims) =>
  signed(claims, { alg: "HS256" }, new TextEncoder().encode(process.env.OIDC_SECRET)));
await forged("their public key as a secret", async (claims) =>
  signed(claims, { alg: "HS256", kid: keys.kid }, new TextEncoder().encode(await jose.exportSPKI(keys.publicKey))));
await forged("a changed claim under the old signature", async (claims, header) => {
  const [head, , signature] = (await signed(claims, header)).split(".");
  return [head, Buffer.from(JSON.stringify({ ...claims, sub: "person of admin@aurora.example" })).toString("base64url"), signature].join(".");
});
await forged("an address whose verification is only claimed in another type",
  (claims) => signed({ ...claims, sub: "new", email_verified: "false" }), "identity.oidc_email_unverified");

await check("Apple's form post comes back to the browser that began", async () => {
  const browser = new Browser();
  const back = await visit(browser, "apple", "doctor@aurora.example");
  assert.ok(back.page, "a page with a form");
  const stranger = await new Browser().submit(back.page, back.url);
  await refused(stranger, 422, "identity.oidc_state_invalid");
  const again = await visit(browser, "apple", "doctor@aurora.example");
  const answer = await browser.submit(again.page, again.url);
  assert.equal(answer.status, 303, await answer.text());
  const code = new URL(answer.headers.get("location")).searchParams.get("code");
  const asked = await exchange(browser, { code });
  assert.equal((await exchange(browser, { code: asked.body.code_next, password })).status, 200);
});

await check("Apple's way of writing a boolean counts", async () => {
  apple.forge = (claims) => signed({ ...claims, sub: "apple-7", email: "nurse@aurora.example", email_verified: "true" });
  const browser = new Browser();
  const back = await visit(browser, "apple", "nurse@aurora.example");
  const answer = await browser.submit(back.page, back.url);
  assert.ok(new URL(answer.headers.get("location")).searchParams.get("code"));
});

await check("Apple's form post in Chromium", () => appleInChromium(begin("apple"), page, "doctor@aurora.example"));

await check("no redirect of a provider is followed", async () => {
  google.seen.length = 0;
  const lure = createServer((_, answer) => {
    answer.writeHead(302, { location: `${process.env.OIDC_GOOGLE}/.well-known/openid-configuration` }).end();
  });
  await new Promise((done) => lure.listen(Number(new URL(process.env.OIDC_MICROSOFT).port), "127.0.0.1", done));
  try {
    await refused(await fetch(begin("microsoft"), { redirect: "manual" }), 503, "identity.oidc_unavailable");
    assert.deepEqual(google.seen, []);
  } finally {
    lure.close(lure.closeAllConnections());
  }
});

await check("a page of somebody else is not returned to", async () => {
  const answer = await fetch(`${oidc}/google/start?return_to=https://evil.example/`, { redirect: "manual" });
  await refused(answer, 422, "invalid");
});

await check("a provider that is away is told to the page", async () => {
  const browser = new Browser();
  const back = await visit(browser, "google", "receptionist@aurora.example");
  google.stop();
  assert.equal((await land(browser, back)).get("error"), "identity.oidc_unavailable");
});

google.stop();
apple.stop();
process.stderr.write(`${passed} checks passed\n`);
