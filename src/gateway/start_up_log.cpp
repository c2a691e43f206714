#include "start_up_log.hpp"

#include <fmt/core.h>

#include <string>

namespace bearergate::gateway {
namespace {

using config::LogLevel;

// The address as configured, with the port that it got where that was left to the system.
std::string bound(const config::Address& address, std::uint16_t port) {
    if (address.is_unix) return address.text;
    const bool v6 = address.host.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", address.host, v6 ? "]" : "", port);
}

std::string keys_from(const config::KeySource& source) {
    if (source.jwks_uri) return source.jwks_uri->text;
    if (source.discovery) return source.discovery->text;
    return source.jwks_file;
}

}  // namespace

void log_warnings(LogWriter& log, const std::vector<config::Diagnostic>& warnings) {
    for (const config::Diagnostic& warning : warnings) {
        if (warning.line < 1) {
            log.event(LogLevel::warning, warning.message);
            continue;
        }
        log.event(LogLevel::warning, warning.message, {{"line", std::to_string(warning.line)}});
    }
}

void log_start_up(LogWriter& log, const Snapshot& snapshot,
                  const std::vector<config::Diagnostic>& warnings, std::size_t workers,
                  const Listening& listening, std::uint16_t admin_port) {
    log.event(LogLevel::info, "starting",
              {{"config", snapshot.config.file},
               {"version", snapshot.version},
               {"routes", std::to_string(snapshot.policy.routes.size())},
               {"workers", std::to_string(workers)}});
    log_warnings(log, warnings);
    for (const config::KeySource& source : snapshot.config.key_sources) {
        log.event(LogLevel::info, "trusting issuer",
                  {{"name", source.name}, {"issuer", source.issuer}, {"keys", keys_from(source)}});
    }
    const auto& listen = snapshot.config.server.listen;
    for (std::size_t i = 0; i < listen.size(); ++i) {
        const std::string address = bound(listen[i], listening.ports()[i]);
        log.event(
            LogLevel::info, "listening",
            {{"address", address}, {"socket", listening.inherited()[i] ? "inherited" : "bound"}});
    }
    if (const auto& admin = snapshot.config.admin.listen) {
        log.event(LogLevel::info, "admin listening", {{"address", bound(*admin, admin_port)}});
    }
}

void log_unprotected(LogWriter& log, const std::string& missing) {
    if (missing.empty()) return;
    log.event(LogLevel::warning,
              "not all protections of the process could be had: who breaks into it can do more",
              {{"missing", missing}});
}

}  // namespace bearergate::gateway
