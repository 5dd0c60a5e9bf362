#include "server/http/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/json.h"

namespace keyhold::server {

namespace {

std::string line_of(std::string_view what) { return JsonOut::object().set("message", what).dump().substr(1); }

}  // namespace

void start_log() {
  auto logger = spdlog::stderr_logger_mt("keyhold-server");
  // What follows the level is the rest of an object, written by JsonOut: nothing in it can break a line.
  logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void log_info(std::string_view what) { spdlog::info("{}", line_of(what)); }
void log_warning(std::string_view what) { spdlog::warn("{}", line_of(what)); }

void log_request(std::string_view request_id, std::string_view route, int status,
                 std::chrono::steady_clock::duration took) {
  JsonOut out = JsonOut::object();
  out.set("request", request_id).set("route", route).set("status", status);
  out.set("ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  spdlog::info("{}", out.dump().substr(1));
}

}  // namespace keyhold::server
