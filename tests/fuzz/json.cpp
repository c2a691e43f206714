// The strict JSON reader against nlohmann's: what we accept it accepts, with the same meaning.
#include <bearergate/core/strict_json.hpp>

#include "fuzz.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <set>
#include <string>

namespace bearergate::fuzz {

namespace {

using core::Json;
using Type = Json::Type;
using nlohmann::ordered_json;

constexpr int max_depth = 16;

int depth_of(const ordered_json& value) {
    if (!value.is_structured()) return 0;
    int deepest = 0;
    for (const auto& each : value) deepest = std::max(deepest, depth_of(each));
    return deepest + 1;
}

void require_same(const Json& ours, const ordered_json& theirs);

void require_same_object(const Json& ours, const ordered_json& theirs) {
    const auto names = ours.names();
    require(std::set(names.begin(), names.end()).size() == names.size(), "no name twice");
    require(names.size() == theirs.size() && ours.size() == names.size(), "as many members");
    std::size_t i = 0;
    for (const auto& [name, value] : theirs.items()) {
        require(names[i++] == name, "members in their order");
        require_same(ours.at(name), value);
    }
}

void require_same(const Json& ours, const ordered_json& theirs) {
    switch (ours.type()) {
        case Type::invalid: require(false, "every value is one"); return;
        case Type::null: require(theirs.is_null(), "null"); return;
        case Type::boolean:
            require(theirs.is_boolean() && theirs.get<bool>() == ours.boolean(), "a boolean");
            return;
        case Type::number:
            require(theirs.is_number(), "a number");
            require(!ours.number() || std::isfinite(*ours.number()), "a finite one");
            require(ours.number() == theirs.get<double>(), "the same number");
            return;
        case Type::string:
            require(theirs.is_string() && theirs.get_ref<const std::string&>() == ours.string(),
                    "a string");
            return;
        case Type::array:
            require(theirs.is_array() && theirs.size() == ours.size(), "an array");
            for (std::size_t i = 0; i < ours.size(); ++i) require_same(ours.at(i), theirs[i]);
            require(ours.at(ours.size()).type() == Type::invalid, "nothing behind its end");
            return;
        case Type::object:
            require(theirs.is_object(), "an object");
            require_same_object(ours, theirs);
            return;
    }
}

}  // namespace

void try_input(std::string_view input) {
    const auto ours = Json::parse(input, max_depth);
    const auto theirs = ordered_json::parse(input, nullptr, false);
    if (!ours) {
        // Of what a JSON text may be, we refuse just this.
        require(theirs.is_discarded() || ours.error() != core::JsonFault::syntax ||
                    input.contains('\0'),
                "what nlohmann accepts is JSON by our grammar");
        return;
    }
    require(!theirs.is_discarded(), "what we accept is JSON");
    require(!input.contains('\0') && !input.starts_with("\xEF\xBB\xBF"), "no NUL, no mark");
    require(depth_of(theirs) <= max_depth, "no deeper than allowed");
    require_same(*ours, theirs);

    const auto again = Json::parse(ours->dump(), max_depth);
    require(again && *again == *ours, "dump() says it again");
    require(ours->pointer("") == *ours, "the empty pointer is the value itself");
    (void)ours->pointer(input);
    (void)ours->at(input);
}

}  // namespace bearergate::fuzz
