#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace bearergate::gateway {

// Tells when one of a few files is another than before: closed after it was written to, or moved
// or linked into place, with a folder or a symbolic link on the way to it too (Kubernetes swaps one
// of those to update a mounted ConfigMap); or when it may be read at last. Never in the middle of a
// write. What the kernel does not let us watch is looked at every two seconds; where it does, and
// cannot tell (some network file systems), nothing is heard.
class FileWatch {
public:
    // `changed` gets the names of the files concerned, as they were given, a moment after the
    // last of the events that belong together, and again if it throws. Throws std::system_error
    // where there is no inotify.
    FileWatch(boost::asio::io_context& io,
              std::function<void(const std::set<std::string>&)> changed);
    ~FileWatch();  // on the thread of `io`, or when that runs no more

    // From now on these and no others. A file that is not there is waited for, as its folders are.
    void watch(const std::vector<std::string>& files);
    // Somebody has begun to write this one, and will be heard when it is closed.
    bool is_being_written(const std::string& file) const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::gateway
