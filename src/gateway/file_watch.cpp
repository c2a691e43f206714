// Watches folders, because a file that is replaced has another inode than the one that was watched;
// and those on the way to them, because a folder may be replaced as well.
#include <bearergate/gateway/file_watch.hpp>
#include <bearergate/net/alarm.hpp>
#include <bearergate/net/operation_room.hpp>

#include "watched_path.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

namespace bearergate::gateway {

namespace asio = boost::asio;

namespace {

// A swap of a ConfigMap, or a save by an editor, is several events.
constexpr std::chrono::milliseconds settling{100};
// Between looks at folders that the kernel does not let us watch.
constexpr std::chrono::seconds pace{2};
// At a time, while folders change under our eyes: until what is watched is what is there.
constexpr int most_looks = 5;

constexpr std::uint32_t whole = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr std::uint32_t events = whole | IN_CREATE | IN_ATTRIB | IN_MOVE_SELF | IN_ONLYDIR;
// Of a file itself: whoever writes to one that is mounted into its place does so in another folder.
constexpr std::uint32_t events_of_file = IN_CLOSE_WRITE | IN_MODIFY | IN_MASK_ADD;

using Spots = std::map<Spot, std::set<std::string>>;  // to the files that hang on them

// A file of which the kernel may not tell us: looked at now and then, and another one when it has
// been the same twice.
struct Unheard {
    Extent known{};
    Extent last{};
};

}  // namespace

struct FileWatch::State : std::enable_shared_from_this<State> {
    State(asio::io_context& io, std::function<void(const std::set<std::string>&)> to)
        : stream(io.get_executor()),
          settled(io, [this] { tell(false); }),
          unwatched(io, [this] { tell(true); }),
          changed(std::move(to)) {
        const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (descriptor < 0) throw std::system_error(errno, std::system_category(), "inotify");
        stream.assign(descriptor);
    }

    void look();  // resolves the paths anew and watches where they lead
    std::map<std::string, int> watch_folders();
    void watch_files();
    void look_at_unheard();
    void compare_ways(const std::map<std::string, int>& numbers);
    void look_whether_closed(const std::string& file);
    void look_whether_written();
    void wait();
    void read();
    void take(std::string_view bytes);
    void take(const inotify_event& event, std::string_view name);
    void take(std::uint32_t mask, const Spot& spot, const std::set<std::string>& concerned);
    void note(const std::string& file);
    void tell(bool looks_at_unheard);

    net::OperationRoom room{};
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> stream;
    net::Alarm settled;
    net::Alarm unwatched;  // folders are tried again
    std::function<void(const std::set<std::string>&)> changed;
    std::vector<std::string> files{};
    Spots spots{};
    std::map<int, std::set<std::string>> folders{};  // by watch descriptor
    std::map<int, std::set<std::string>> inodes{};   // likewise: the files themselves
    std::map<std::string, Unheard> unheard{};
    std::set<int> being_written{};                       // of inodes
    std::set<std::string> being_made{};                  // nobody has closed them yet
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
    watch_files();
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

// After the ways to them.
void FileWatch::State::watch_files() {
    std::map<int, std::set<std::string>> watched;
    std::map<std::string, Unheard> silent;
    for (const std::string& file : files) {
        const int number = inotify_add_watch(stream.native_handle(), file.c_str(), events_of_file);
        const bool is_there = number >= 0 || (errno != ENOENT && errno != ENOTDIR);
        if (number >= 0) watched[number].insert(file);
        const auto& way = ways[file];
        if (std::ranges::find(way, -1) == way.end() && (number >= 0 || !is_there)) continue;
        const Extent now = extent_of(file);
        const auto before = unheard.find(file);
        silent[file] = before == unheard.end() ? Unheard{now, now} : before->second;
        unwatched.set(pace);
    }
    for (const auto& [number, names] : inodes) {
        if (!watched.contains(number)) inotify_rm_watch(stream.native_handle(), number);
    }
    inodes = std::move(watched);
    // What becomes of a file that another one has replaced is nobody's concern.
    std::erase_if(being_written, [this](int number) { return !inodes.contains(number); });
    unheard = std::move(silent);
}

void FileWatch::State::look_at_unheard() {
    for (auto& [file, one] : unheard) {
        const Extent now = extent_of(file);
        if (now != one.known && now == one.last && now != Extent{}) {
            note(file);
            one.known = now;
        }
        one.last = now;
    }
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
        const Extent now = extent_of(one->first);
        if (now == Extent{}) {
            one = perhaps_unfinished.erase(one);
        } else if (one->second == now) {
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
        being_written.clear();
        return;
    }
    if (const auto file = inodes.find(event.wd); file != inodes.end()) {
        if ((event.mask & IN_MODIFY) != 0) being_written.insert(event.wd);
        if ((event.mask & (IN_CLOSE_WRITE | IN_IGNORED)) != 0) being_written.erase(event.wd);
        if ((event.mask & IN_CLOSE_WRITE) != 0) {
            for (const std::string& name_of_it : file->second) note(name_of_it);
        }
        if ((event.mask & IN_IGNORED) != 0) inodes.erase(file);
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
    const bool is_made = (mask & IN_CREATE) != 0;
    if ((mask & whole) != 0 || (is_made && is_a_link_of_either_kind(spot))) {
        for (const std::string& file : concerned) note(file);
    } else if (is_made) {
        being_made.insert(concerned.begin(), concerned.end());
        settled.set(settling);  // to watch it
    }
}

void FileWatch::State::note(const std::string& file) {
    noted.insert(file);
    being_made.erase(file);
    settled.set(settling);
}

void FileWatch::State::tell(bool looks_at_unheard) {
    const auto self = shared_from_this();  // whoever is told may destroy the watch
    std::set<std::string> told;
    try {
        if (std::exchange(lost_some, false)) {
            noted.insert(files.begin(), files.end());
            being_written.clear();
            being_made.clear();
        }
        if (looks_at_unheard) look_at_unheard();
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
    const auto is_strange = [&](const auto& file) { return !asked.contains(file); };
    std::erase_if(state.closed, is_strange);
    std::erase_if(state.being_made, is_strange);
    std::erase_if(state.perhaps_unfinished,
                  [&](const auto& one) { return !asked.contains(one.first); });
    state.look();
}

bool FileWatch::is_being_written(const std::string& file) const {
    const State& state = *state_;
    return state.being_made.contains(file) ||
           std::ranges::any_of(state.being_written, [&](int number) {
               const auto inode = state.inodes.find(number);
               return inode != state.inodes.end() && inode->second.contains(file);
           });
}

}  // namespace bearergate::gateway
