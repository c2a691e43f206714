// libFuzzer's way into a target.
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bearergate::fuzz::try_input({reinterpret_cast<const char*>(data), size});
    return 0;
}
