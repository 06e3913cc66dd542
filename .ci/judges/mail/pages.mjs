// Opens the links of mails in headless Chromium as a person would: verifies an address, sets a password, accepts an
// invitation with a new account and with one that exists. Fails on any request that leaves the server, on any that holds a
// token in its address, and on any error in the console that is not the answer of the server itself.
// Usage: SALUS_URL=... JUDGES_NODE=... node pages.mjs LINKS FOLDER, which gets pages.png.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(join(process.env.JUDGES_NODE, "package.json"))("playwright-core");
const base = process.env.SALUS_URL;
const [, , file, screenshots] = process.argv;
const links = JSON.parse(await readFile(file, "utf8"));
const PASSWORD = "cinco tigres e um trigal";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
FLAGS.push("--disable-background-networking", "--disable-component-update", "--disable-sync");

const profile = await mkdtemp(join(tmpdir(), "salus-chromium-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
  locale: "fr-FR",
  viewport: { width: 480, height: 720 },
});
const complaints = [];

/// A page opened by a link, whose token is gone from the address.
async function opened(link) {
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (line) => {
    // A refusal that the page tells its reader is no fault of the page.
    if (line.type() === "error" && !/status of 4\d\d/.test(line.text())) complaints.push(line.text());
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== base) complaints.push(`leaves the server: ${url}`);
    if ((url.pathname + url.search).includes("token") || request.headers().referer?.includes("token")) {
      complaints.push(`a token in an address: ${url}`);
    }
  });
  await page.goto(link);
  await page.locator("body[data-ready]").waitFor({ state: "attached" });
  assert(!page.url().includes("token"), "the token is out of the address");
  assert.equal(await page.locator("html").getAttribute("lang"), "fr");
  return page;
}

async function signsIn(email, password) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ email, password });
  return (await fetch(`${base}/api/v1/auth/sign-in`, { method: "POST", headers, body })).status;
}

try {
  const verify = await opened(links.verify);
  await verify.locator("#ask button").click();
  await verify.locator("#done").waitFor();
  const twice = await opened(links.verify);
  await twice.locator("#ask button").click();
  await twice.locator("#problem").waitFor();
  assert((await twice.locator("#problem").innerText()).length > 10, "a used link is told");

  const reset = await opened(links.reset.link);
  await reset.locator("[name=password]").fill("123456789012");
  await reset.locator("#ask button").click();
  await reset.locator("#problem").waitFor();
  await reset.locator("[name=password]").fill(PASSWORD);
  await reset.locator("#ask button").click();
  await reset.locator("#done").waitFor();
  assert.equal(await signsIn(links.reset.email, PASSWORD), 200, "the new password");

  const invited = await opened(links.invited.link);
  await invited.locator("#ask [name=name]").fill("Élise");
  await invited.locator("#ask [name=password]").fill(PASSWORD);
  await invited.screenshot({ path: join(screenshots, "pages.png") });
  await invited.locator("#ask button").click();
  await invited.locator("#done").waitFor();
  assert.equal(await signsIn(links.invited.email, PASSWORD), 200, "the new account");

  const known = await opened(links.known.link);
  await known.locator("#ask [name=name]").fill("Chloé");
  await known.locator("#ask [name=password]").fill(PASSWORD);
  await known.locator("#ask button").click();
  const left = [];
  known.on("response", (answer) => {
    if (answer.url().endsWith("/auth/sign-out")) left.push(answer.status());
  });
  await known.locator("#sign-in [name=email]").fill(links.reset.email);
  await known.locator("#sign-in [name=password]").fill(PASSWORD);
  await known.locator("#sign-in button").click();
  await known.locator("#problem").waitFor();
  assert((await known.locator("#problem").innerText()).length > 10, "another address than the invited one is told");
  assert(await known.locator("#sign-in").isVisible(), "and can be tried again");
  await known.locator("#sign-in [name=email]").fill(links.known.email);
  await known.locator("#sign-in [name=password]").fill(links.known.password);
  await known.locator("#sign-in button").click();
  await known.locator("#done").waitFor();
  for (let n = 0; n < 100 && left.length < 2; n += 1) await known.waitForTimeout(50);
  assert.deepEqual(left, [204, 204], "the sessions of the page are ended");
  assert.equal(await signsIn(links.known.email, PASSWORD), 401, "the password of an account stays as it was");

  const bare = await opened(`${base}/verify-email`);
  await bare.locator("#missing").waitFor();
  assert.deepEqual(complaints, []);
  console.log(`pages: verified, reset and accepted by the links of mails; ${screenshots}/pages.png`);
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
