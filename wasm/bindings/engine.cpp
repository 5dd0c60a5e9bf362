// engine: the one door through which JavaScript asks for everything (web/src/worker/engine-door.ts opens it). One
// function of one signature: each further one costs a thunk here and its description in both workers' scripts.
#include "engine.h"

#include <emscripten/bind.h>

#include "args.h"
#include "crypto/system_rng.h"

namespace keyhold::bindings {

namespace {

SystemRng system_rng;

/// The instance's only one; never destroyed, the instance ends as a whole.
Engine& engine() {
  static Engine& only = *new Engine;
  return only;
}

/// Undefined when there is no such operation, or when it was given a number that is nobody's: the shell's own mistake.
template <class Subject>
val answer(std::initializer_list<std::span<const Op<Subject>>> tables, std::string_view name, Subject& subject,
           Args args) {
  for (const auto table : tables) {
    for (const Op<Subject>& op : table) {
      if (op.name != name) continue;
      const val answered = op.run(subject, args);
      return args.sound() ? answered : val::undefined();
    }
  }
  return val::undefined();
}

/// `number` is the call that is asked, or 0 for the engine.
val ask(Number number, std::string name, val args) {
  Engine& asked = engine();
  Args read(std::move(args), asked.buffers);
  if (number == 0) {
    return answer({buffer_ops(), vault_ops(), keeping_ops(), start_ops(), usage_ops(), login_ops(), access_ops(),
                   app_ops(), receipt_ops()},
                  name, asked, std::move(read));
  }
  Exchange* const call = asked.calls.find(number);
  return call == nullptr ? val::undefined() : answer({call_ops()}, name, *call, std::move(read));
}

}  // namespace

Exchange* call_of(Engine& engine, Args& args) { return engine.calls.find(static_cast<Number>(args.whole(0))); }

Session& Engine::session() {
  if (!session_) session_.emplace(system_rng, Catalogue::builtin().value());
  return *session_;
}

void Engine::reset() {
  calls.release_all();
  session_.reset();
}

SecretBytes& Args::held_secret(const val& number) {
  SecretBytes* const found = buffers_.find(static_cast<Number>(whole_from(number)));
  sound_ = sound_ && found != nullptr;
  return found == nullptr ? none_ : *found;
}

EMSCRIPTEN_BINDINGS(engine) { emscripten::function("ask", &ask); }

}  // namespace keyhold::bindings
