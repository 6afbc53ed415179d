#include "broker/http/pages.h"

#include <arpa/inet.h>
#include <strings.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "broker/core/status_fields.h"
#include "broker/http/metrics.h"

namespace zonda {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPools = "/api/v1/pools";

HttpAnswer text(unsigned status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body) + "\n"};
}

HttpAnswer json(const Json& body) {
  return {200, "application/json", body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

Json status_of(const Snapshot& now) {
  Json status{{"schema", "zonda.status/1"}};
  for_each_status_field(now, [&status](const char* name, const auto& value) { status[name] = value; });
  return status;
}

Json pool_of(const PoolSummary& pool) {
  return {{"pool", pool.name},
          {"launcher", pool.launcher},
          {"desired", pool.wanted},
          {"workers", pool.workers},
          {"pending", pool.pending},
          {"draining", pool.draining},
          {"min", pool.min},
          {"max", pool.max},
          {"target_seconds", pool.target_seconds},
          {"managed", pool.is_managed},
          {"note", pool.note},
          {"last_decision", pool.last_decision}};
}

HttpAnswer pools(std::string_view path, const Snapshot& now) {
  if (path == kPools) {
    Json all = Json::array();
    for (const PoolSummary& pool : now.pools) all.push_back(pool_of(pool));
    return json({{"schema", "zonda.pools/1"}, {"pools", std::move(all)}});
  }
  constexpr std::string_view kScale = "/scale";
  path.remove_prefix(kPools.size() + 1);
  if (!path.ends_with(kScale)) return text(404, "nothing is here");
  const std::string_view name = path.substr(0, path.size() - kScale.size());
  const auto found = std::find_if(now.pools.begin(), now.pools.end(),
                                  [&](const PoolSummary& pool) { return pool.name == name; });
  if (found == now.pools.end()) return text(404, "no pool is called so");
  // Whoever scales by it should rather not, than to what was wanted once.
  if (!found->is_managed) return text(503, "the manager of this pool is away");
  Json answer{{"schema", "zonda.pool.scale/1"}};
  answer.update(pool_of(*found));
  return json(answer);
}

// Without the port: "[::1]:5580", "localhost:5580", "10.0.0.1".
std::string_view name_in(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.find(':'));
}

bool is_address(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

bool Pages::is_our_name(std::string_view host) const {
  const std::string name(name_in(host));
  const auto is_it = [&](const std::string& ours) { return strcasecmp(ours.c_str(), name.c_str()) == 0; };
  return is_it("localhost") || is_address(name) || std::any_of(names_.begin(), names_.end(), is_it);
}

HttpAnswer Pages::answer(const HttpRequest& request, Board::Clock::time_point now) const {
  if (!is_our_name(request.host)) return text(421, "this broker is not known by that name: see --http-name");
  if (request.method != "GET" && request.method != "HEAD") {
    HttpAnswer refusal = text(405, "this can only be read");
    refusal.allow = "GET, HEAD";
    return refusal;
  }
  const Board::Look look = board_.look();
  const bool is_alive = look.snapshot == nullptr || now - look.put_up < kStuckAfter;
  return about(request.target.substr(0, request.target.find('?')), look, is_alive);
}

HttpAnswer Pages::about(std::string_view path, const Board::Look& look, bool is_alive) const {
  if (path == "/healthz") return is_alive ? text(200, "ok") : text(503, "the broker's thread is stuck");
  const bool is_known = path == "/readyz" || path == "/metrics" || path == "/api/v1/status" ||
                        path == kPools || path.starts_with(std::string(kPools) + "/");
  if (!is_known) return text(404, "nothing is here");
  if (!is_alive) return text(503, "the broker's thread is stuck");
  if (look.snapshot == nullptr) return text(503, "the broker reads its store");
  const Snapshot& snapshot = *look.snapshot;
  if (path == "/metrics")
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_of(snapshot, version_)};
  if (path == "/api/v1/status") return json(status_of(snapshot));
  if (path.starts_with(kPools)) return pools(path, snapshot);
  return snapshot.disk_nearly_full ? text(503, "the disk is nearly full: new jobs are refused")
                                   : text(200, "ok");
}

}  // namespace zonda
