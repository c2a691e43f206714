// Checks a token as Logto's guide for Node.js has people do it: jose over a key set, then audience
// and scope by hand. The key set is read once instead of fetched, which is the quickest it can be.
import { createLocalJWKSet, jwtVerify } from 'jose';
import { readFileSync } from 'node:fs';

export function makeVerifier({ folder, issuer, audience, scope }) {
  const jwks = createLocalJWKSet(JSON.parse(readFileSync(`${folder}/jwks.json`, 'utf8')));
  return async (token) => {
    const { payload } = await jwtVerify(token, jwks, { issuer });
    const audiences = Array.isArray(payload.aud) ? payload.aud : payload.aud ? [payload.aud] : [];
    if (!audiences.includes(audience)) throw new Error('Invalid audience');
    const scopes = payload.scope?.split(' ') ?? [];
    if (!scopes.includes(scope)) throw new Error('Insufficient scope');
    return payload;
  };
}
