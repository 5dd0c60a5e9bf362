// engine: what one instance of engine.wasm holds, and the operations JavaScript may ask of it. To add one: a function
// and a row of its table, and the method's type in web/src/worker/engine-module.ts.
#pragma once

#include <emscripten/val.h>

#include <optional>
#include <span>
#include <string_view>

#include "held.h"
#include "session/session.h"

namespace keyhold::bindings {

class Args;

class Engine {
 public:
  /// Made when first used: the KDF's instance needs none.
  Session& session();
  /// As new. What was under way belonged to the old session.
  void reset();

  /// Calls and buffers count on together: no number ever means two things.
  Numbers numbers;
  Held<SecretBytes> buffers{numbers};
  Held<Exchange> calls{numbers};

 private:
  std::optional<Session> session_;
};

/// The call whose number is the first argument; null if it is none any more.
Exchange* call_of(Engine& engine, Args& args);

/// Something to ask of the engine or of a call, by the name of its method in TypeScript.
template <class Subject>
struct Op {
  std::string_view name;
  emscripten::val (*run)(Subject&, Args&);
};

std::span<const Op<Engine>> buffer_ops();
std::span<const Op<Engine>> vault_ops();
std::span<const Op<Engine>> keeping_ops();
std::span<const Op<Engine>> start_ops();
std::span<const Op<Engine>> usage_ops();
std::span<const Op<Engine>> login_ops();
std::span<const Op<Engine>> access_ops();
std::span<const Op<Engine>> app_ops();
std::span<const Op<Engine>> receipt_ops();
std::span<const Op<Exchange>> call_ops();

/// {value: {held: its number}}, which engine-door.ts makes an EngineCall of.
emscripten::val to_call(Engine& engine, Result<Exchange> exchange);

}  // namespace keyhold::bindings
