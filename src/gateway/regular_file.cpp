#include <bearergate/gateway/regular_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bearergate::gateway {

core::Result<std::string, std::string> read_regular_file(const std::string& path,
                                                         std::size_t most) {
    const auto failed = [] { return std::unexpected(std::generic_category().message(errno)); };
    // Not to wait for a writer, before it shows that this is a pipe.
    const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return failed();
    struct Closer {
        int descriptor;
        ~Closer() { ::close(descriptor); }
    } const closer{file};
    struct stat facts{};
    if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return std::unexpected("not a regular file");
    }
    std::string text(most, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t n = ::read(file, text.data() + size, text.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed();
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    text.resize(size);
    return text;
}

}  // namespace bearergate::gateway
