// crash_program: reserves and settles until it is killed, and says on standard output what was acknowledged.
//   keyhold_quota_crash CONNECTION OWNER LIMIT NOW
// Each line is "CALL CHARGE", written after settle() returned. Every third call is left held.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "server/quota/quota.h"

using namespace keyhold::server;

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const keyhold::UnixMs now = std::atoll(argv[4]);
  const PlanTable plans{"free", {{"free", {std::atoll(argv[3]), PeriodKind::once, 1'000'000'000}}}};
  auto book = QuotaBook::open({argv[1], argv[2], kDefaultLeaseMs});
  if (!book.ok()) return 3;
  for (int number = 0;; ++number) {
    const auto answer = book->reserve({"ann", "", "openai", "gpt-test", 10}, plans, now);
    if (!answer.ok()) return 4;
    const auto* held = std::get_if<Held>(&answer.value());
    if (held == nullptr) return 0;  // the limit is used up
    if (number % 3 == 2) {
      if (!book->progress(held->call, 2).ok()) return 5;
      continue;
    }
    const auto ending = book->settle(held->call, 7, Figures::reported, 200, now);
    if (!ending.ok() || !ending->changed) return 6;
    char line[64];
    const int size = std::snprintf(line, sizeof line, "%lld %lld\n", static_cast<long long>(held->call),
                                   static_cast<long long>(ending->charged));
    if (write(STDOUT_FILENO, line, static_cast<std::size_t>(size)) != size) return 7;
  }
}
