// Apple's callback in a real browser: a form that another site posts brings the cookie along.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(join(process.env.JUDGES_NODE, "package.json"))("playwright-core");
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

/** Opens `start`, signs in as `login`, and lands on `page` with a code. */
export async function appleInChromium(start, page, login) {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>signed in</title>");
  });
  await new Promise((done) => server.listen(Number(new URL(page).port), "127.0.0.1", done));
  const profile = await mkdtemp(join(tmpdir(), "salus-chromium-"));
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: FLAGS });
  try {
    const tab = context.pages()[0] ?? (await context.newPage());
    tab.setDefaultTimeout(30_000);
    await tab.goto(start);
    await tab.fill("input[name=login]", login);
    await tab.fill("input[name=password]", "any");
    await tab.click("button[type=submit]");
    await tab.waitForURL((url) => url.href.startsWith(page));
    const landed = new URL(tab.url());
    assert.ok(landed.searchParams.get("code"), landed.href);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
    server.close(server.closeAllConnections());
  }
}
