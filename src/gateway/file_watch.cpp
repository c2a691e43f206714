// Watches folders, because a file that is replaced has another inode than the one that was watched;
// and those on the way to them, because a folder may be replaced as well.
#include <bearergate/gateway/file_watch.hpp>
#include <bearergate/net/alarm.hpp>
#include <bearergate/net/operation_room.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
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
// Between looks at folders that the kernel does not let us watch.
constexpr std::chrono::seconds pace{2};
// As many links as the kernel would follow.
constexpr int most_links = 40;
// At a time, while folders change under our eyes: until what is watched is what is there.
constexpr int most_looks = 5;

constexpr std::uint32_t whole = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr std::uint32_t events = whole | IN_CREATE | IN_ATTRIB | IN_MOVE_SELF | IN_ONLYDIR;

// A name in a folder, where something would change what a file is.
struct Spot {
    std::string folder{};
    std::string name{};
    friend auto operator<=>(const Spot&, const Spot&) = default;
};
using Spots = std::map<Spot, std::set<std::string>>;  // to the files that hang on them

// Those of every folder and symbolic link on the way to a file, and its own; as far as there is
// one.
std::vector<Spot> spots_of(const std::string& file) {
    std::error_code ignored;
    const fs::path absolute = fs::absolute(file, ignored);
    std::deque<fs::path> ahead(absolute.begin(), absolute.end());
    std::vector<Spot> spots;
    fs::path folder = "/";  // no link is left in it
    for (int links = 0; !ahead.empty();) {
        const fs::path name = ahead.front();
        ahead.pop_front();
        if (name.empty() || name == "." || name == "/") continue;
        if (name == "..") {
            folder = folder.parent_path();
            continue;
        }
        fs::path here = folder / name;
        spots.push_back({folder.string(), name.string()});
        struct stat facts{};
        if (lstat(here.c_str(), &facts) != 0) break;
        if (S_ISDIR(facts.st_mode)) {
            folder = std::move(here);
            continue;
        }
        if (!S_ISLNK(facts.st_mode) || ++links > most_links) break;
        const fs::path target = fs::read_symlink(here, ignored);
        if (target.is_absolute()) folder = "/";
        ahead.insert(ahead.begin(), target.begin(), target.end());
    }
    return spots;
}

// A file that has just been made is still to be written; a link is whole at once.
bool is_a_link_of_either_kind(const Spot& spot) {
    struct stat facts{};
    if (lstat((fs::path(spot.folder) / spot.name).c_str(), &facts) != 0) return false;
    return S_ISLNK(facts.st_mode) || (S_ISREG(facts.st_mode) && facts.st_nlink > 1);
}

// What differs while a file is still being written.
struct Extent {
    std::int64_t size = -1;
    std::int64_t seconds = 0;  // of its last change
    std::int64_t nanoseconds = 0;
    friend bool operator==(const Extent&, const Extent&) = default;
};

}  // namespace

struct FileWatch::State : std::enable_shared_from_this<State> {
    State(asio::io_context& io, std::function<void(const std::set<std::string>&)> to)
        : stream(io.get_executor()),
          settled(io, [this] { tell(); }),
          unwatched(io, [this] { tell(); }),
          changed(std::move(to)) {
        const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (descriptor < 0) throw std::system_error(errno, std::system_category(), "inotify");
        stream.assign(descriptor);
    }

    void look();  // resolves the paths anew and watches where they lead
    std::map<std::string, int> watch_folders();
    void compare_ways(const std::map<std::string, int>& numbers);
    void look_whether_closed(const std::string& file);
    void look_whether_written();
    void wait();
    void read();
    void take(std::string_view bytes);
    void take(const inotify_event& event, std::string_view name);
    void take(std::uint32_t mask, const Spot& spot, const std::set<std::string>& concerned);
    void note(const std::string& file);
    void tell();

    net::OperationRoom room{};
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> stream;
    net::Alarm settled;
    net::Alarm unwatched;  // folders are tried again
    std::function<void(const std::set<std::string>&)> changed;
    std::vector<std::string> files{};
    Spots spots{};
    std::map<int, std::set<std::string>> folders{};      // by watch descriptor
    std::map<std::string, std::vector<int>> ways{};      // to files: the folders' watches
    std::set<std::string> closed{};                      // to us, by their permissions
    std::map<std::string, Extent> perhaps_unfinished{};  // changed with a folder
    std::set<std::string> noted{};
    bool lost_some = false;  // what changed could not be noted down
    alignas(inotify_event) std::array<char, 4096> buffer{};
};

void FileWatch::State::look() {
    std::map<std::string, int> numbers;
    for (int looks = 0; looks < most_looks; ++looks) {
        Spots found;
        for (const std::string& file : files) {
            for (Spot& spot : spots_of(file)) found[std::move(spot)].insert(file);
        }
        if (looks > 0 && found == spots) break;
        if (looks == most_looks - 1) settled.set(settling);
        spots = std::move(found);
        numbers = watch_folders();
    }
    compare_ways(numbers);
    for (const std::string& file : files) look_whether_closed(file);
}

// From the root on: who replaces a folder after it is watched is seen by the one above it.
std::map<std::string, int> FileWatch::State::watch_folders() {
    std::map<std::string, int> numbers;
    std::map<int, std::set<std::string>> watched;
    bool all = true;
    unwatched.set(pace);
    for (const auto& [spot, concerned] : spots) {
        const auto [place, is_new] = numbers.try_emplace(spot.folder, -1);
        if (!is_new) continue;
        // The same folder gets the same number again, and another one of that name another.
        place->second = inotify_add_watch(stream.native_handle(), spot.folder.c_str(), events);
        if (place->second >= 0) {
            watched[place->second].insert(spot.folder);
        } else {
            all = false;
        }
    }
    for (const auto& [number, names] : folders) {
        if (!watched.contains(number)) inotify_rm_watch(stream.native_handle(), number);
    }
    folders = std::move(watched);
    if (all) unwatched.clear();
    return numbers;
}

// A file that lies in another folder than before is another one, if it is there.
void FileWatch::State::compare_ways(const std::map<std::string, int>& numbers) {
    std::map<std::string, std::vector<int>> found;
    for (const auto& [spot, concerned] : spots) {
        for (const std::string& file : concerned) found[file].push_back(numbers.at(spot.folder));
    }
    for (const auto& [file, way] : found) {
        const auto before = ways.find(file);
        if (before == ways.end() || before->second == way) continue;
        perhaps_unfinished.try_emplace(file);
        settled.set(settling);
    }
    ways = std::move(found);
}

// A file that may be read from now on is as good as a new one.
void FileWatch::State::look_whether_closed(const std::string& file) {
    if (faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) != 0) {
        if (errno == EACCES) closed.insert(file);
    } else if (closed.contains(file)) {
        note(file);
        closed.erase(file);
    }
}

// Nobody heard whether a file was closed that came with its folder: it is whole when it no longer
// changes. One that is not there is heard of when it comes.
void FileWatch::State::look_whether_written() {
    for (auto one = perhaps_unfinished.begin(); one != perhaps_unfinished.end();) {
        struct stat facts{};
        if (stat(one->first.c_str(), &facts) != 0) {
            one = perhaps_unfinished.erase(one);
            continue;
        }
        const Extent now{.size = facts.st_size,
                         .seconds = facts.st_mtim.tv_sec,
                         .nanoseconds = facts.st_mtim.tv_nsec};
        if (one->second == now) {
            note(one->first);
            one = perhaps_unfinished.erase(one);
        } else {
            one->second = now;
            settled.set(settling);
            ++one;
        }
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
    if ((event.mask & (IN_IGNORED | IN_MOVE_SELF)) != 0) {
        // Another one may have its name, now or later.
        if ((event.mask & IN_IGNORED) != 0) folders.erase(folder);
        return settled.set(settling);
    }
    for (const std::string& path : folder->second) {
        const auto spot = spots.find(Spot{path, std::string(name)});
        if (spot != spots.end()) take(event.mask, spot->first, spot->second);
    }
}

void FileWatch::State::take(std::uint32_t mask, const Spot& spot,
                            const std::set<std::string>& concerned) {
    // Of a folder, what matters is which files are in it.
    if ((mask & IN_ISDIR) != 0) return settled.set(settling);
    if ((mask & IN_ATTRIB) != 0) {
        for (const std::string& file : concerned) look_whether_closed(file);
    }
    const bool counts =
        (mask & whole) != 0 || ((mask & IN_CREATE) != 0 && is_a_link_of_either_kind(spot));
    if (!counts) return;
    for (const std::string& file : concerned) note(file);
}

void FileWatch::State::note(const std::string& file) {
    noted.insert(file);
    settled.set(settling);
}

void FileWatch::State::tell() {
    const auto self = shared_from_this();  // whoever is told may destroy the watch
    std::set<std::string> told;
    try {
        if (lost_some) noted.insert(files.begin(), files.end());
        lost_some = false;
        look();
        for (const std::string& file : noted) perhaps_unfinished.erase(file);
        look_whether_written();
        told.swap(noted);
        if (!told.empty()) changed(told);
    } catch (const std::exception&) {
        // For want of memory: what changed is told until it has been heard.
        noted.merge(told);
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
    state_->unwatched.clear();
}

void FileWatch::watch(const std::vector<std::string>& files) {
    State& state = *state_;
    state.files = files;
    const std::set<std::string> asked(files.begin(), files.end());
    std::erase_if(state.closed, [&](const auto& file) { return !asked.contains(file); });
    std::erase_if(state.perhaps_unfinished,
                  [&](const auto& one) { return !asked.contains(one.first); });
    state.look();
}

}  // namespace bearergate::gateway
