#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::test {

using MetricLabels = std::map<std::string, std::string>;

struct MetricSample {
    std::string name{};  // of a histogram: with _bucket, _sum or _count
    MetricLabels labels{};
    double value = 0;
};
struct MetricFamily {
    std::string name{};
    std::string type{};
    std::string help{};
    std::vector<MetricSample> samples{};
};

// The text format of Prometheus 0.0.4, read strictly: what a scraper could stumble over, or what
// breaks the rules that every client library keeps, throws std::runtime_error.
class MetricsText {
public:
    explicit MetricsText(std::string_view text);

    const std::vector<MetricFamily>& families() const { return families_; }
    // Of the one series with exactly these labels; nothing if there is none.
    std::optional<double> value(std::string_view name, const MetricLabels& labels = {}) const;
    // Of all series of this name that have these labels.
    double sum(std::string_view name, const MetricLabels& labels = {}) const;

private:
    std::vector<MetricFamily> families_{};
};

}  // namespace bearergate::test
