// call_binding: an Exchange as JavaScript sees it (EngineCall in web/src/worker/engine-module.ts).
#pragma once

#include <emscripten/val.h>

#include "session/exchange.h"

namespace keyhold::bindings {

class CallBinding {
 public:
  explicit CallBinding(Exchange exchange) : exchange_(std::move(exchange)) {}

  emscripten::val request();
  emscripten::val response(int status, emscripten::val headers);
  emscripten::val feed(emscripten::val bytes);
  emscripten::val end();
  emscripten::val take_events();
  emscripten::val summary() const;
  emscripten::val problem() const;
  emscripten::val models() const;
  std::string probe_url() const { return exchange_.probe_url(); }
  std::string network_failed(emscripten::val evidence) const;

 private:
  Exchange exchange_;
};

}  // namespace keyhold::bindings
