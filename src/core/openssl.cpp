#include "openssl.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <new>

namespace bearergate::core::openssl {

namespace {

struct Told {
    bool out_of_memory = false;
    bool unsupported = false;
    bool refused = false;  // by the library in question
};
// Empties the queue.
Told told(int library = 0) {
    Told all;
    while (const unsigned long error = ERR_get_error()) {
        all.out_of_memory |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
        all.unsupported |= ERR_GET_REASON(error) == ERR_R_UNSUPPORTED;
        all.refused |= ERR_GET_LIB(error) == library && !ERR_COMMON_ERROR(error);
    }
    return all;
}

}  // namespace

void throw_out_of_memory() {
    ERR_clear_error();
    throw std::bad_alloc();
}

void forget_errors() {
    ERR_clear_error();
}

void judge_errors() {
    if (told().out_of_memory) throw std::bad_alloc();
}

bool was_refused_by(int library) {
    const Told errors = told(library);
    return errors.refused && !errors.out_of_memory;
}

bool offers(const char* key_type) {
    forget_errors();
    if (KeyManagement(EVP_KEYMGMT_fetch(nullptr, key_type, nullptr))) return true;
    const Told errors = told();
    if (errors.out_of_memory || !errors.unsupported) throw std::bad_alloc();
    return false;
}

}  // namespace bearergate::core::openssl
