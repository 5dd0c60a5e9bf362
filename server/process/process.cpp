#include "server/process/process.h"

#include <malloc.h>
#include <sys/resource.h>

namespace keyhold::server {

void prepare_process() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  mallopt(M_TRIM_THRESHOLD, kMemoryKept);
}

}  // namespace keyhold::server
