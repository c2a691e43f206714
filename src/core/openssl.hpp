#pragma once

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <string_view>

// Owning handles for what core uses of OpenSSL.
namespace bearergate::core::openssl {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* resource) const {
        Free(resource);
    }
};
using Bignum = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using BignumContext = std::unique_ptr<BN_CTX, Freed<BN_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD, Freed<EVP_MD_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using KeyManagement = std::unique_ptr<EVP_KEYMGMT, Freed<EVP_KEYMGMT_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;

[[noreturn]] void throw_out_of_memory();

// OpenSSL's queue of errors is the thread's. Emptied before what is judged by it, so that nothing
// older speaks there, and by the judging, so that others find nothing that is not theirs.
void forget_errors();
// Throws std::bad_alloc when the queue tells of a failed allocation: that says nothing about a key
// or a signature.
void judge_errors();
// Whether this library (ERR_LIB_EC) said there what is wrong with what it was given. Any other
// failure may come from want of memory, which OpenSSL does not always call so.
bool was_refused_by(int library);
// Whether OpenSSL has keys of this type: which ones, is for the machine's configuration to say
// (under FIPS rules, some are missing).
bool offers(const char* key_type);

// For what can fail for no other reason.
template <class T>
T made(T resource) {
    if (!resource) throw_out_of_memory();
    return resource;
}

inline const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace bearergate::core::openssl
