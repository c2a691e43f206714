#pragma once

#include "support/recording_upstream.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::test {

// An upstream that answers with what it was asked, so that no answer can pass for another's, and
// knows each whole request again by the id that the gateway gave it.
class Witness {
public:
    Witness();
    ~Witness();

    const RecordingUpstream& upstream() const { return upstream_; }
    std::string url() const { return upstream_.url(); }

    // The whole request of that id, if one came. Two of one id are a fault.
    std::optional<SeenRequest> seen(const std::string& request_id) const;
    std::size_t whole_requests() const;
    // Nothing came that is no request, and no id came twice.
    bool is_content() const;
    std::string complaints() const;

    // The body of its answer to a request.
    static std::string answer_to(std::string_view method, std::string_view target,
                                 std::string_view body);

private:
    struct Memory;
    void play(UpstreamPeer& peer) const;

    std::unique_ptr<Memory> memory_;
    RecordingUpstream upstream_;  // last: its threads end first
};

}  // namespace bearergate::test
