#include "openssl.hpp"

#include <openssl/err.h>

#include <new>

namespace bearergate::core::openssl {

void throw_out_of_memory() {
    ERR_clear_error();
    throw std::bad_alloc();
}

void clear_errors() {
    bool out_of_memory = false;
    while (const unsigned long error = ERR_get_error()) {
        out_of_memory |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    }
    if (out_of_memory) throw std::bad_alloc();
}

bool was_refused_by(int library) {
    bool refused = false;
    bool out_of_memory = false;
    while (const unsigned long error = ERR_get_error()) {
        out_of_memory |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
        refused |= ERR_GET_LIB(error) == library && !ERR_COMMON_ERROR(error);
    }
    return refused && !out_of_memory;
}

}  // namespace bearergate::core::openssl
