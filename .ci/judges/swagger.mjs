// Opens Swagger UI in headless Chromium as a person would: authorizes with a token of sign-in, tries GET /auth/me and
// sees its 200. Fails on any request that leaves the server and on any error in the console.
// Usage: SALUS_URL=... JUDGES_NODE=... node swagger.mjs FOLDER, which gets docs.png and docs-overview.png.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(join(process.env.JUDGES_NODE, "package.json"))("playwright-core");
const base = process.env.SALUS_URL;
const screenshots = process.argv[2];
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

const signIn = await fetch(`${base}/api/v1/auth/sign-in`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ email: "admin@aurora.example", password: "Salus-demo-2026" }),
});
assert.equal(signIn.status, 200, "sign-in");
const { access_token: token } = await signIn.json();

const profile = await mkdtemp(join(tmpdir(), "salus-chromium-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
  viewport: { width: 1280, height: 1000 },
});
try {
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(30_000);
  const complaints = [];
  page.on("console", (line) => line.type() === "error" && complaints.push(line.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== base) complaints.push(`leaves the server: ${request.url()}`);
  });

  const docs = await page.goto(`${base}/docs`);
  assert.equal(docs?.status(), 200, "GET /docs");
  await page.locator(".opblock-tag").first().waitFor();
  await page.screenshot({ path: join(screenshots, "docs-overview.png") });

  await page.locator(".auth-wrapper button.authorize").first().click();
  const dialog = page.locator(".dialog-ux .modal-ux");
  await dialog.locator("input[type=text], input[type=password]").first().fill(token);
  await dialog.locator(".auth-btn-wrapper button.authorize").first().click();
  await dialog.locator(".auth-btn-wrapper button", { hasText: "Logout" }).first().waitFor();
  await dialog.locator(".btn-done").first().click();

  const me = page.locator(".opblock-get").filter({ has: page.locator('[data-path="/api/v1/auth/me"]') });
  // Tags may start folded.
  for (const tag of await page.locator('.opblock-tag[data-is-open="false"]').evaluateAll((all) => all.map((one) => one.id))) {
    await page.locator(`[id="${tag}"]`).click();
    await page.locator(`[id="${tag}"][data-is-open="true"]`).waitFor();
  }
  await me.locator(".opblock-summary").click();
  const tryOut = me.locator(".try-out__btn");
  await tryOut.waitFor();
  if (/try it out/i.test(await tryOut.innerText())) await tryOut.click();
  await me.locator("button.execute").click();
  const answer = me.locator(".live-responses-table .response").first();
  await answer.waitFor();
  const status = (await answer.locator(".response-col_status").innerText()).trim();
  const body = await answer.locator(".response-col_description").innerText();
  await me.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(screenshots, "docs.png") });
  assert.match(status, /^200\b/, "GET /api/v1/auth/me by Try it out");
  assert(body.includes("admin@aurora.example"), "the answer names the caller");
  assert.deepEqual(complaints, []);
  console.log(`Swagger UI: authorized, tried GET /api/v1/auth/me, saw ${status}; ${screenshots}/docs.png`);
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
