#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace bearergate::gateway {

// Whoever started us and wants to hear how it goes: systemd, for a unit of Type=notify. Speaks the
// protocol of sd_notify(3). What cannot be delivered is lost, and never keeps anybody waiting for
// longer than a second.
class Supervisor {
public:
    // `address` is what $NOTIFY_SOCKET says: a path, or `@` and an abstract name; "" when nobody
    // wants to hear anything.
    explicit Supervisor(std::string address = {}) : address_(std::move(address)) {}

    bool listens() const { return !address_.empty(); }
    // False for what could not be delivered.
    bool ready(std::string_view status);  // after the start and after each reload
    bool reloading(std::string_view status);
    bool stopping(std::string_view status, std::chrono::seconds within);
    bool status(std::string_view status);  // nothing, where it is what was said last

private:
    bool tell(std::string_view assignments, std::string_view status);

    std::string address_;
    std::string last_status_{};
};

// Reads $NOTIFY_SOCKET, and takes it out of the environment.
std::string take_notify_socket();

}  // namespace bearergate::gateway
