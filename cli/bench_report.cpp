#include "cli/bench_report.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "cli/json.h"

namespace zonda::cli {
namespace {

double quantile(std::vector<double> values, double q) {
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

struct Used {
  double cpu_seconds = 0;
  std::uint64_t max_rss_bytes = 0;
};

Used used_by(const std::vector<Child>& children) {
  Used sum;
  for (const Child& child : children) {
    sum.cpu_seconds += child.cpu_seconds();
    sum.max_rss_bytes = std::max(sum.max_rss_bytes, child.max_rss_bytes());
  }
  return sum;
}

Used used_by_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime),
          static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
}

Json json_of(const BenchReport& report, const BenchOptions& options, const BenchCluster& cluster) {
  Json json{{"schema", "zonda.bench/1"},
            {"name", report.name},
            {"tasks", report.tasks},
            {"seconds", report.seconds},
            {"tasks_per_second", static_cast<double>(report.tasks) / report.seconds},
            {"p50_us", nullptr},
            {"p99_us", nullptr},
            {"filesystem", nullptr},
            {"payload", options.payload},
            {"workers", nullptr},
            {"slots", nullptr},
            {"isolation", nullptr},
            {"durability", cluster.durability()},
            {"transport", cluster.transport()},
            {"curve", options.curve},
            {"outstanding", nullptr}};
  if (!cluster.filesystem().empty()) json["filesystem"] = cluster.filesystem();
  if (options.outstanding > 0) json["outstanding"] = options.outstanding;
  if (!report.latencies_us.empty()) {
    json["p50_us"] = quantile(report.latencies_us, 0.5);
    json["p99_us"] = quantile(report.latencies_us, 0.99);
  }
  for (const BenchReport::Figure& figure : report.figures) json[figure.name] = figure.value;
  const Used client = used_by_us();
  json["cpu_seconds"] = Json{{"broker", nullptr}, {"worker", nullptr}, {"client", client.cpu_seconds}};
  json["max_rss_bytes"] = Json{{"broker", nullptr}, {"worker", nullptr}, {"client", client.max_rss_bytes}};
  if (cluster.children() == nullptr) return json;  // nothing is known of somebody else's processes
  json["workers"] = options.workers;
  json["slots"] = options.slots;
  json["isolation"] = options.isolation;
  const Used broker = used_by(cluster.children()->broker());
  const Used workers = used_by(cluster.children()->workers());
  json["cpu_seconds"]["broker"] = broker.cpu_seconds;
  json["cpu_seconds"]["worker"] = workers.cpu_seconds;
  json["max_rss_bytes"]["broker"] = broker.max_rss_bytes;
  json["max_rss_bytes"]["worker"] = workers.max_rss_bytes;
  return json;
}

}  // namespace

void print_report(Environment& environment, const BenchReport& report, const BenchOptions& options,
                  const BenchCluster& cluster) {
  const Json json = json_of(report, options, cluster);
  if (environment.json()) return environment.out.write(to_text(json) + "\n");
  std::string where = cluster.transport() + ", " + cluster.durability();
  if (cluster.children() != nullptr)
    where = std::to_string(options.workers) + " workers x " + std::to_string(options.slots) + " slots, " +
            options.isolation + ", " + where;
  if (!cluster.filesystem().empty()) where += " on " + cluster.filesystem();
  char line[256];
  std::snprintf(line, sizeof line, "%s  %.0f tasks/s  (%llu tasks in %.3f s; %s)\n", report.name.c_str(),
                json["tasks_per_second"].get<double>(), static_cast<unsigned long long>(report.tasks),
                report.seconds, where.c_str());
  environment.out.write(line);
  for (const BenchReport::Figure& figure : report.figures)
    if (!figure.text.empty()) environment.out.write(figure.text + "\n");
  if (report.latencies_us.empty()) return;
  std::snprintf(line, sizeof line, "round trip  p50 %.0f us  p99 %.0f us  (%llu outstanding)\n",
                json["p50_us"].get<double>(), json["p99_us"].get<double>(),
                static_cast<unsigned long long>(options.outstanding));
  environment.out.write(line);
}

}  // namespace zonda::cli
