// Checks a token with fast-jwt and its cache of verified tokens, which is as large as ours.
import { createVerifier } from 'fast-jwt';
import { readFileSync } from 'node:fs';

export function makeVerifier({ folder, issuer, audience, scope, algorithm, cache }) {
  const verify = createVerifier({
    key: readFileSync(`${folder}/key.pem`, 'utf8'),
    algorithms: [algorithm],
    allowedIss: issuer,
    allowedAud: audience,
    requiredClaims: ['exp', 'iss', 'aud'],
    cache,
  });
  return async (token) => {
    const payload = verify(token);
    if (!(payload.scope?.split(' ') ?? []).includes(scope)) throw new Error('Insufficient scope');
    return payload;
  };
}
