"use strict";
// The three pages that mailed links lead to. The token stands in the fragment of the address, which no server sees; it is
// taken from there, and out of the address, before anything else happens.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);

const part = (id) => document.getElementById(id);
const ask = part("ask");
const signIn = part("sign-in");
const problem = part("problem");
let bearer = null;

// What the fields of a form hold; an empty one is not sent.
const filled = (form) => Object.fromEntries([...new FormData(form)].filter(([, text]) => text !== ""));

async function post(path, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" });
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  throw Object.assign(new Error("refused"), { answer });
}

function complain(answer) {
  const faults = (answer?.errors ?? []).map((fault) => fault.detail);
  problem.textContent = faults.length ? faults.join(" ") : (answer?.detail ?? answer?.title ?? problem.dataset.lost);
  problem.hidden = false;
}

function only(shown) {
  for (const one of [part("lead"), ask, signIn, problem, part("missing"), part("done")]) {
    if (one) one.hidden = one !== shown;
  }
}

async function send() {
  await post(ask.dataset.to, { token, ...filled(ask) });
  only(part("done"));
}

// Ends the session that was begun for the one call; what hinders that hinders nobody.
async function leave() {
  await post(signIn.dataset.leave, {}).catch(() => null);
  bearer = null;
}

// Runs what a form does, while it cannot be sent a second time.
function on(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      await refused(error.answer);
    }
    button.disabled = false;
  });
}

async function refused(answer) {
  // Who is asked again after signing in is not the one who is invited, and has to be told.
  if (signIn?.hidden && answer?.code?.endsWith("sign_in_first")) {
    only(signIn);
    return;
  }
  if (signIn && answer?.code?.endsWith("totp_code_required")) part("code").hidden = false;
  complain(answer);
}

if (token) {
  on(ask, send);
  if (signIn) {
    on(signIn, async () => {
      bearer = (await post(signIn.dataset.to, filled(signIn))).access_token;
      try {
        await send();
      } finally {
        await leave();
      }
    });
  }
} else {
  only(part("missing"));
}
document.body.dataset.ready = "";
