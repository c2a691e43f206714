#pragma once

#include <string_view>

namespace bearergate::test {

// A file with every key there is, each with another value than its default.
inline constexpr std::string_view full_file = R"(server:
  listen: [0.0.0.0:8080, "[::]:8081", unix:run/gate.sock]
  workers: 4
  tls: { certificate: tls.crt, private_key: /keys/tls.key, client_ca: ca.crt, min_version: "1.3" }
  cache: 500
  trusted_proxies: [10.0.0.0/8, "2001:db8::/32", 192.0.2.1, unix]
  limits:
    connections: 77
    header_bytes: 32KiB
    header_count: 50
    token_bytes: 4KiB
    body_bytes: 10MiB
  timeouts:
    tls: 2s
    header: 3s
    idle: 4s
    tunnel: 5m
    tunnel_at_expiry: keep
    drain: 0s

admin:
  listen: 0.0.0.0:9000
  hosts: [Gate.internal]
  page: on

issuer: https://acme.logto.app/oidc
audience: https://api.acme.example
issuers:
  other:
    issuer: https://login.other.example/
    audience: [https://a.example, https://b.example]
    discovery: https://login.other.example/openid.json
    tls: { ca: corporate.crt }
    algorithms: [ES384, RS256]
    token_type: any
    clock_skew: 10s
    max_token_lifetime: 1h
    refresh: 5m
    max_stale: 1h
    claims: { scope: permissions, organization: /org/id, client: azp }
    organization_audience: "urn:example:org:"
  direct:
    issuer: direct
    jwks_uri: http://keys.internal/jwks
    insecure_http: true
  local:
    issuer: local
    jwks_file: keys.json

upstream: http://127.0.0.1:3000
upstreams:
  api:
    url: [https://one.internal:8443, https://two.internal]
    host: api.acme.example:8443
    timeouts: { connect: 1s, response: 2s, body: 3s, idle: 500ms }
    idle_connections: 8
    tls: { ca: ca.crt, certificate: us.crt, private_key: us.key, server_name: api.internal }
  sock:
    url: unix:/run/app.sock
    host: upstream

identity:
  headers:
    X-Auth-Subject: sub
    X-Auth-Client: client_id
    X-Auth-Org: organization
    X-Auth-Scopes: scope
    X-Auth-Audience: aud
    X-Auth-Issuer: iss
    X-Auth-Role: /role/name
  forward_token: true

cors:
  origins: [https://app.acme.example]
  methods: [GET, POST]
  headers: [Authorization]
  credentials: true
  max_age: 10m

paths: { case_sensitive: false, trailing_slash: distinct, semicolon: opaque }
logging: { level: debug, format: logfmt, access: denied }

defaults:
  mode: shadow
  upstream: api
  scopes: [base]
  any_scope: [w, x]
  organization: any
  token: organization-api
  audience: https://default.example
  issuer: default
  claims: { tier: gold }
  strip_prefix: /api
  timeout: 1s
  body_bytes: 1KiB

routes:
  /api/open: { access: public, mode: enforce, upstream: sock, body_bytes: none, timeout: 9s }
  /api/closed: { access: deny }
  /api/inherits: {}
  GET,POST {tenant}.acme.example/api/v1/{id}:
    access: optional
    scopes: [a, b]
    any_scope: [c, d]
    organization: "{tenant}"
    token: organization
    issuer: [other, local]
    claims: { /role: admin, tags: { contains: x }, level: { any: [1, 2.5, true, null, "1"] } }
    upstream: api
    strip_prefix: /api/v1
    timeout: 7s
    body_bytes: 2KiB
    mode: enforce
  /api/narrow: { organization: ignore, token: api, audience: [https://n.example] }

tests:
  - name: allowed
    request: GET /api/inherits?x=1
    headers: { X-Org: [a, b], Accept: "*/*" }
    token: { claims: { sub: u, aud: [x], n: 1, deep: { ok: true } } }
    expect: { upstream: api, headers: { X-Auth-Subject: u, x-auth-org: none } }
  - name: refused
    request: POST https://T.acme.example:8443/api/v1/x
    token: { file: token.jwt }
    expect: { status: 403, reason: scope_missing }
  - name: anonymous
    request: GET /api/open
    token: none
    expect: allow
)";

}  // namespace bearergate::test
