#pragma once

#include <string>
#include <vector>

// Fields of a client's that say something else to the upstream, or nothing, after the gateway: what
// http drops must be what config lets nobody decide by.
namespace bearergate::test {

// Whoever sent them.
inline const std::vector<std::string> dropped_fields = {
    // Other requests in this one's clothes.
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X-Original-URL",
    "X-Original-URI",
    "X-Rewrite-URL",
    "X-Host",
    "X-Real-IP",
    "X-Envoy-Original-Path",
    "X-Envoy-External-Address",
    "X-Middleware-Subrequest",
    // For the connection to us.
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authorization",
    "Proxy-Anything",
    "Proxy",
    "TE",
    "Trailer",
    "Upgrade",
    "HTTP2-Settings",
    // Whom somebody speaks for, in the words of one vendor.
    "X-Forwarded",
    "Forwarded-For",
    "CF-Connecting-IP",
    "CF-Connecting-IPv6",
    "CF-Pseudo-IPv4",
    "True-Client-IP",
    "Client-IP",
    "X-Client-IP",
    "x-client-ip",
    "X-Cluster-Client-IP",
    "Fastly-Client-IP",
    "Fly-Client-IP",
    "WL-Proxy-Client-IP",
    "X-AppEngine-User-IP",
    "X-Azure-ClientIP",
    "X-Azure-SocketIP",
    "X-Original-Forwarded-For",
    "X-Originating-IP",
    "X-Remote-IP",
    "X-Remote-Addr",
    "Remote-Addr",
    // Of which there is another already.
    "X-Request-Id",
};

// Unless a trusted proxy did.
inline const std::vector<std::string> told_fields = {
    "X-Forwarded-For",    "X-Forwarded-Host", "X-Forwarded-Proto",    "X-Forwarded-Port",
    "X-Forwarded-Prefix", "X-Forwarded-Uri",  "X-Forwarded-Anything", "Forwarded",
};

}  // namespace bearergate::test
