// Watches folders, because a file that is replaced has another inode than the one that was watched.
#include <bearergate/gateway/file_watch.hpp>
#include <bearergate/net/alarm.hpp>
#include <bearergate/net/operation_room.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

namespace bearergate::gateway {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

// A swap of a ConfigMap, or a save by an editor, is several events.
constexpr std::chrono::milliseconds settling{100};
// As many links as the kernel would follow.
constexpr int most_links = 40;

constexpr std::uint32_t whole = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr std::uint32_t events = whole | IN_CREATE | IN_ONLYDIR;

// A name in a folder, where something would change what a file is.
struct Spot {
    std::string folder{};
    std::string name{};
    friend auto operator<=>(const Spot&, const Spot&) = default;
};

bool is_link(const fs::path& path) {
    std::error_code ignored;
    return fs::is_symlink(fs::symlink_status(path, ignored));
}

// The file's own spot, and that of every symbolic link on the way to it.
std::vector<Spot> spots_of(const std::string& file) {
    std::error_code ignored;
    const fs::path absolute = fs::absolute(file, ignored);
    std::deque<fs::path> ahead(absolute.begin(), absolute.end());
    std::vector<Spot> spots;
    fs::path folder;
    for (int links = 0; !ahead.empty();) {
        const fs::path name = ahead.front();
        ahead.pop_front();
        if (name.empty() || name == ".") continue;
        const fs::path here = folder / name;
        const bool link = is_link(here);
        if (link || ahead.empty()) spots.push_back({folder.string(), name.string()});
        if (!link) {
            folder = here;
            continue;
        }
        if (++links > most_links) break;
        const fs::path target = fs::read_symlink(here, ignored);
        if (target.is_absolute()) folder.clear();
        ahead.insert(ahead.begin(), target.begin(), target.end());
    }
    return spots;
}

}  // namespace

struct FileWatch::State : std::enable_shared_from_this<State> {
    State(asio::io_context& io, std::function<void(const std::set<std::string>&)> to)
        : stream(io.get_executor()), settled(io, [this] { tell(); }), changed(std::move(to)) {
        const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (descriptor < 0) throw std::system_error(errno, std::system_category(), "inotify");
        stream.assign(descriptor);
    }

    void look();  // resolves the links anew and watches where they lead
    void wait();
    void read();
    void take(std::string_view bytes);
    void take(const inotify_event& event, std::string_view name);
    void note(const std::string& file);
    void tell();

    net::OperationRoom room{};
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> stream;
    net::Alarm settled;
    std::function<void(const std::set<std::string>&)> changed;
    std::vector<std::string> files{};
    std::map<Spot, std::set<std::string>> spots{};  // to the files that hang on them
    std::map<int, std::string> folders{};           // by watch descriptor
    std::set<std::string> noted{};
    bool lost_some = false;  // what changed could not be noted down
    alignas(inotify_event) std::array<char, 4096> buffer{};
};

void FileWatch::State::look() {
    spots.clear();
    std::set<std::string> wanted;
    for (const std::string& file : files) {
        for (Spot& spot : spots_of(file)) {
            wanted.insert(spot.folder);
            spots[std::move(spot)].insert(file);
        }
    }
    for (auto place = folders.begin(); place != folders.end();) {
        if (wanted.contains(place->second)) {
            ++place;
        } else {
            inotify_rm_watch(stream.native_handle(), place->first);
            place = folders.erase(place);
        }
    }
    for (const std::string& folder : wanted) {
        // The same folder gets the same number again.
        const int number = inotify_add_watch(stream.native_handle(), folder.c_str(), events);
        if (number >= 0) folders[number] = folder;
    }
}

void FileWatch::State::wait() {
    stream.async_wait(
        asio::posix::descriptor_base::wait_read,
        asio::bind_allocator(room.allocator(),
                             [self = shared_from_this()](const boost::system::error_code& error) {
                                 if (error || !self->stream.is_open()) return;
                                 self->wait();
                                 self->read();
                             }));
}

void FileWatch::State::read() {
    for (;;) {
        const ssize_t size = ::read(stream.native_handle(), buffer.data(), buffer.size());
        if (size <= 0) return;
        try {
            take(std::string_view(buffer.data(), static_cast<std::size_t>(size)));
        } catch (const std::exception&) {
            // For want of memory: then everything may have changed.
            lost_some = true;
            settled.set(settling);
        }
    }
}

void FileWatch::State::take(std::string_view bytes) {
    while (bytes.size() >= sizeof(inotify_event)) {
        inotify_event event{};
        std::memcpy(&event, bytes.data(), sizeof event);
        bytes.remove_prefix(sizeof event);
        if (event.len > bytes.size()) return;
        std::string_view name = bytes.substr(0, event.len);
        bytes.remove_prefix(event.len);
        take(event, name.substr(0, name.find('\0')));
    }
}

void FileWatch::State::take(const inotify_event& event, std::string_view name) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
        for (const std::string& file : files) note(file);
        return;
    }
    const auto folder = folders.find(event.wd);
    if (folder == folders.end()) return;
    if ((event.mask & IN_IGNORED) != 0) {
        folders.erase(folder);
        return;
    }
    const auto spot = spots.find(Spot{folder->second, std::string(name)});
    if (spot == spots.end()) return;
    // A file that has just been made is still to be written; a link is whole at once.
    const bool counts =
        (event.mask & whole) != 0 || is_link(fs::path(folder->second) / fs::path(name));
    if (!counts) return;
    for (const std::string& file : spot->second) note(file);
}

void FileWatch::State::note(const std::string& file) {
    noted.insert(file);
    settled.set(settling);
}

void FileWatch::State::tell() {
    const auto self = shared_from_this();  // whoever is told may destroy the watch
    try {
        if (lost_some) noted.insert(files.begin(), files.end());
        lost_some = false;
        look();
        changed(noted);
        noted.clear();
    } catch (const std::exception&) {
        // For want of memory: what changed is told until it has been heard.
        settled.set(settling);
    }
}

FileWatch::FileWatch(asio::io_context& io,
                     std::function<void(const std::set<std::string>&)> changed)
    : state_(std::make_shared<State>(io, std::move(changed))) {
    state_->wait();
}

FileWatch::~FileWatch() {
    boost::system::error_code ignored;
    state_->stream.close(ignored);
    state_->settled.clear();
}

void FileWatch::watch(const std::vector<std::string>& files) {
    state_->files = files;
    state_->look();
}

}  // namespace bearergate::gateway
