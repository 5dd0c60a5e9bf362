// auto_lock: when does an open vault lock itself? Two clocks are compared at every use: the wall clock goes on while a
// computer sleeps, the other cannot be set back. A timer alone misses sleep.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace keyhold {

/// `mono_ms`: milliseconds that only rise, as performance.now().
struct Clocks {
  UnixMs wall_ms = 0;
  std::int64_t mono_ms = 0;
};

class AutoLock {
 public:
  static constexpr std::int64_t kLongestMs = 12 * 60 * kMinuteMs;   // since unlock, whatever is done
  static constexpr std::int64_t kLongestByHostMs = 60 * kMinuteMs;  // since unlock, if only other pages use it
  static constexpr std::int64_t kMaxStepBackMs = 2 * kMinuteMs;     // a wall clock set back further locks

  void start(Clocks now) { opened_ = used_ = now; }
  /// The vault was used: the time without use begins anew. `by_host`: by a page of another origin, which cannot keep it
  /// open for ever.
  void touch(Clocks now, bool by_host = false) {
    if (!by_host || passed(opened_, now) < kLongestByHostMs) used_ = now;
  }

  /// Who an answer is arriving for.
  enum class Busy { no, own_page, host };

  /// Milliseconds until it is due by what is known now; 0: lock at once. Being busy holds off the lock for want of use, not
  /// the longest time.
  std::int64_t due_in_ms(Clocks now, std::int64_t idle_ms, Busy busy) const {
    if (now.wall_ms < used_.wall_ms - kMaxStepBackMs) return 0;
    const std::int64_t open = passed(opened_, now);
    const bool held_off = busy == Busy::own_page || (busy == Busy::host && open < kLongestByHostMs);
    const std::int64_t idle = held_off ? 0 : passed(used_, now);
    return std::max<std::int64_t>(0, std::min(kLongestMs - open, idle_ms - idle));
  }

 private:
  static std::int64_t passed(Clocks since, Clocks now) {
    return std::max(now.wall_ms - since.wall_ms, now.mono_ms - since.mono_ms);
  }
  Clocks opened_;
  Clocks used_;
};

}  // namespace keyhold
