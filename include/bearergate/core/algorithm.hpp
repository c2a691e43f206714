#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace bearergate::core {

// The JWS algorithms that can be allowed (RFC 7518 section 3.1, RFC 8037). `none`, HS* and ES256K
// have no enumerator: what cannot be named cannot be accepted.
enum class Algorithm : std::uint8_t {
    rs256,
    rs384,
    rs512,
    ps256,
    ps384,
    ps512,
    es256,
    es384,
    es512,
    eddsa,
};

std::optional<Algorithm> parse_algorithm(std::string_view name);  // exact, case included
std::string_view name_of(Algorithm algorithm);

// A set of algorithms, as small as it is.
class AlgorithmSet {
public:
    constexpr AlgorithmSet() = default;
    constexpr AlgorithmSet(std::initializer_list<Algorithm> members) {
        for (const Algorithm member : members) insert(member);
    }
    static constexpr AlgorithmSet all() {
        AlgorithmSet set;
        set.bits_ = (1U << 10U) - 1U;
        return set;
    }

    constexpr void insert(Algorithm a) { bits_ |= 1U << static_cast<unsigned>(a); }
    constexpr bool contains(Algorithm a) const {
        return (bits_ >> static_cast<unsigned>(a) & 1U) != 0;
    }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr AlgorithmSet operator|(AlgorithmSet other) const {
        AlgorithmSet set;
        set.bits_ = bits_ | other.bits_;
        return set;
    }
    constexpr AlgorithmSet operator&(AlgorithmSet other) const {
        AlgorithmSet set;
        set.bits_ = bits_ & other.bits_;
        return set;
    }
    friend constexpr bool operator==(AlgorithmSet, AlgorithmSet) = default;

private:
    std::uint32_t bits_ = 0;
};

}  // namespace bearergate::core
