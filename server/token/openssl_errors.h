// openssl_errors: OpenSSL keeps its errors in a queue of the thread, where the next TLS connection would take them for
// its own. What fails here is an answer, not an error: it leaves the queue as it was.
#pragma once

#include <openssl/err.h>

namespace keyhold::server {

class KeepErrorQueue {
 public:
  KeepErrorQueue() noexcept { ERR_set_mark(); }
  ~KeepErrorQueue() { ERR_pop_to_mark(); }
  KeepErrorQueue(const KeepErrorQueue&) = delete;
  KeepErrorQueue& operator=(const KeepErrorQueue&) = delete;
};

}  // namespace keyhold::server
