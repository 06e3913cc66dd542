// An OpenID provider on loopback. Whoever signs in is who the login names; `forge` changes an id token before it leaves.
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.env.JUDGES_NODE, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { default: Provider } = await load("oidc-provider");
export const jose = await load("jose");

const { publicKey, privateKey } = await jose.generateKeyPair("RS256", { extractable: true });
export const keys = { publicKey, privateKey, kid: "judge" };
const jwk = { ...(await jose.exportJWK(privateKey)), kid: keys.kid, alg: "RS256", use: "sig" };

/** The claims of a login: `name@host` is verified, `name@host?` is not. */
function claims(login) {
  const email = login.replace(/\?$/, "");
  return { sub: `person of ${email}`, email, email_verified: email === login };
}

/** Starts a provider at this issuer that sends browsers back to `redirect`. */
export async function start(issuer, redirect, method) {
  const client = {
    client_id: "salus",
    client_secret: process.env.OIDC_SECRET,
    redirect_uris: [redirect],
    token_endpoint_auth_method: method,
  };
  const provider = new Provider(issuer, {
    clients: [client],
    jwks: { keys: [jwk] },
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    conformIdTokenClaims: false,
    clientAuthMethods: [method],
    pkce: { required: () => true },
    cookies: { keys: ["judge"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => claims(id) }),
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: "salus", accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  });
  const started = { seen: [], forge: undefined };
  provider.use(async (ctx, next) => {
    started.seen.push(`${ctx.method} ${ctx.path}`);
    await next();
    if (started.forge && ctx.path === "/token" && ctx.body?.id_token) {
      const { payload, header } = { payload: jose.decodeJwt(ctx.body.id_token), header: jose.decodeProtectedHeader(ctx.body.id_token) };
      ctx.body.id_token = await started.forge(payload, header);
    }
  });
  const server = provider.listen(Number(new URL(issuer).port), "127.0.0.1");
  await once(server, "listening");
  return Object.assign(started, { stop: () => server.close(server.closeAllConnections()) });
}

/** The claims, signed as the provider signs. */
export const signed = (payload, header = { alg: "RS256", kid: keys.kid }, key = keys.privateKey) =>
  new jose.SignJWT(payload).setProtectedHeader(header).sign(key);
