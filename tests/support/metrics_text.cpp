#include "support/metrics_text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

namespace bearergate::test {

namespace {

bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_name(std::string_view name) {
    return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, [](char c) {
        return is_letter(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
    });
}

void demand(bool so, std::string_view what, std::string_view where) {
    if (!so) throw std::runtime_error(std::string(what) + ": " + std::string(where));
}

// Takes what comes before `end`, and `end`, from the front.
std::string_view take_until(std::string_view& text, char end, std::string_view line) {
    const auto place = text.find(end);
    demand(place != std::string_view::npos, "something is missing", line);
    const std::string_view taken = text.substr(0, place);
    text.remove_prefix(place + 1);
    return taken;
}

double number(std::string_view text) {
    if (text == "+Inf") return std::numeric_limits<double>::infinity();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    demand(error == std::errc() && end == text.data() + text.size(), "not a number", text);
    return value;
}

// A value up to its closing quote, which is taken as well.
std::string unquoted(std::string_view& rest, std::string_view line) {
    std::string value;
    while (true) {
        demand(!rest.empty() && rest.front() != '\n', "a label has no end", line);
        const char c = rest.front();
        rest.remove_prefix(1);
        if (c == '"') return value;
        if (c != '\\') {
            value += c;
            continue;
        }
        demand(!rest.empty() && std::string_view("\\\"n").contains(rest.front()),
               "an unknown escape", line);
        value += rest.front() == 'n' ? '\n' : rest.front();
        rest.remove_prefix(1);
    }
}

MetricSample sample_of(std::string_view line) {
    MetricSample sample;
    std::string_view rest = line;
    sample.name = rest.substr(0, rest.find_first_of("{ "));
    demand(is_name(sample.name), "a sample's name", line);
    rest.remove_prefix(sample.name.size());
    if (rest.starts_with('{')) {
        do {
            rest.remove_prefix(1);
            const std::string name(take_until(rest, '=', line));
            demand(is_name(name) && rest.starts_with('"'), "a label's name", line);
            rest.remove_prefix(1);
            demand(sample.labels.emplace(name, unquoted(rest, line)).second, "a label twice", line);
        } while (rest.starts_with(','));
        demand(rest.starts_with('}'), "labels without an end", line);
        rest.remove_prefix(1);
    }
    demand(rest.starts_with(' '), "a sample without a value", line);
    sample.value = number(rest.substr(1));
    return sample;
}

MetricLabels without_bound(MetricLabels labels) {
    labels.erase("le");
    return labels;
}

// Buckets that only grow, up to one for everything, which is the count.
void check_histogram(const MetricFamily& family) {
    std::map<MetricLabels, std::vector<std::pair<double, double>>> buckets;
    std::map<MetricLabels, double> counts;
    for (const MetricSample& sample : family.samples) {
        if (sample.name == family.name + "_bucket") {
            demand(sample.labels.contains("le"), "a bucket without a bound", family.name);
            buckets[without_bound(sample.labels)].emplace_back(number(sample.labels.at("le")),
                                                               sample.value);
        } else if (sample.name == family.name + "_count") {
            counts[sample.labels] = sample.value;
        } else {
            demand(sample.name == family.name + "_sum", "a stray sample", sample.name);
        }
    }
    demand(buckets.size() == counts.size(), "histograms without a count", family.name);
    for (const auto& [labels, all] : buckets) {
        const auto grows = [](const auto& a, const auto& b) {
            return a.first < b.first && a.second <= b.second;
        };
        const auto stumbles = [&](const auto& a, const auto& b) { return !grows(a, b); };
        demand(std::ranges::adjacent_find(all, stumbles) == all.end(), "buckets out of order",
               family.name);
        demand(std::isinf(all.back().first) && all.back().second == counts.at(labels),
               "the last bucket is not everything", family.name);
    }
}

void check_family(const MetricFamily& family) {
    demand(family.type == "histogram" || family.type == "counter" || family.type == "gauge",
           "an unknown type", family.name);
    demand(family.name.ends_with("_total") == (family.type == "counter"),
           "counters, and nothing else, end in _total", family.name);
    demand(!family.help.empty() && family.help.ends_with('.'), "no help", family.name);
    std::set<std::pair<std::string, MetricLabels>> seen;
    for (const MetricSample& sample : family.samples) {
        demand(seen.emplace(sample.name, sample.labels).second, "a series twice", sample.name);
        if (family.type == "histogram") continue;
        demand(sample.name == family.name, "a sample of another family", sample.name);
        demand(std::isfinite(sample.value) && sample.value >= 0, "no such count", sample.name);
    }
    if (family.type == "histogram") check_histogram(family);
}

}  // namespace

MetricsText::MetricsText(std::string_view text) {
    std::set<std::string> names;
    while (!text.empty()) {
        const std::string_view line = take_until(text, '\n', text);
        if (line.starts_with("# HELP ")) {
            std::string_view rest = line.substr(7);
            MetricFamily family{.name = std::string(take_until(rest, ' ', line))};
            family.help = rest;
            demand(is_name(family.name), "a family's name", line);
            demand(names.insert(family.name).second, "a family twice", line);
            const std::string_view type = take_until(text, '\n', text);
            const std::string announced = "# TYPE " + family.name + " ";
            demand(type.starts_with(announced), "no type", type);
            family.type = type.substr(announced.size());
            families_.push_back(std::move(family));
        } else {
            demand(!families_.empty(), "a sample of no family", line);
            families_.back().samples.push_back(sample_of(line));
        }
    }
    for (const MetricFamily& family : families_) check_family(family);
}

std::optional<double> MetricsText::value(std::string_view name, const MetricLabels& labels) const {
    for (const MetricFamily& family : families_) {
        for (const MetricSample& sample : family.samples) {
            if (sample.name == name && sample.labels == labels) return sample.value;
        }
    }
    return std::nullopt;
}

double MetricsText::sum(std::string_view name, const MetricLabels& labels) const {
    double sum = 0;
    for (const MetricFamily& family : families_) {
        for (const MetricSample& sample : family.samples) {
            const bool has_them = std::ranges::all_of(labels, [&](const auto& label) {
                const auto found = sample.labels.find(label.first);
                return found != sample.labels.end() && found->second == label.second;
            });
            if (sample.name == name && has_them) sum += sample.value;
        }
    }
    return sum;
}

}  // namespace bearergate::test
