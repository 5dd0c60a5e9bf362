// process: what does the server ask of the system for itself, before anything else?
#pragma once

namespace keyhold::server {

/// Free memory at the end of an arena that is kept for the next call.
inline constexpr int kMemoryKept = 64 << 20;

/// As many open files as the system lets this process have (a relayed call needs two), and memory that calls give back is kept: the
/// C library would return it to the system after each, and fetch it again for the next, which costs more than the call itself.
/// Once, before there are threads.
void prepare_process();

}  // namespace keyhold::server
