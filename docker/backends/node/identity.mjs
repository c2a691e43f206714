// Who is asking, as bearergate says. What the token does not say is null or empty here.
const words = (text) => (text ? text.split(' ') : []);

export const identityOf = (headers) => ({
  subject: headers['x-auth-subject'] ?? null,
  client: headers['x-auth-client-id'] ?? null,
  organization: headers['x-auth-organization-id'] ?? null,
  scopes: words(headers['x-auth-scopes']),
  audience: words(headers['x-auth-audience']),
});
