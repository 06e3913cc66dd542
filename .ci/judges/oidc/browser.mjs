// A browser without pictures: cookies by host, redirects one by one, forms.
import assert from "node:assert/strict";

export class Browser {
  #cookies = new Map();

  /** One request; answers do not redirect by themselves. */
  async send(url, init = {}) {
    const host = new URL(url).host;
    const cookies = this.#cookies.get(host) ?? new Map();
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, ...(cookie && { cookie }) } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(";");
      const at = pair.indexOf("=");
      cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    this.#cookies.set(host, cookies);
    return answer;
  }

  /** Sends the only form of a page, with these fields filled in. */
  async submit(page, at, fields = {}) {
    const action = page.match(/<form[^>]*action="([^"]+)"/)?.[1];
    assert.ok(action, page);
    const hidden = [...page.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([tag]) => [
      tag.match(/name="([^"]*)"/)[1],
      tag.match(/value="([^"]*)"/)[1],
    ]);
    const body = new URLSearchParams([...hidden, ...Object.entries(fields)]);
    return this.send(new URL(action, at), { method: "POST", body, headers: { origin: new URL(at).origin } });
  }

  /** Follows redirects and signs in as `login` until it is sent to `until`; the last address and how it was reached. */
  async follow(url, login, until) {
    let answer = await this.send(url);
    for (let step = 0; step < 20; step += 1) {
      const location = answer.headers.get("location");
      if (location) {
        const next = new URL(location, url).href;
        if (next.startsWith(until)) return { url: next };
        url = next;
        answer = await this.send(url);
        continue;
      }
      const page = await answer.text();
      assert.equal(answer.status, 200, `${url}: ${answer.status} ${page}`);
      if (page.includes(`action="${until}`)) return { page, url };
      answer = await this.submit(page, url, { login, password: "any" });
    }
    throw new Error("the provider never came to an end");
  }
}
