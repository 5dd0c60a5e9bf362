#include "server/process/secret_input.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>

namespace keyhold::server {

namespace {

/// A terminal that shows nothing of what is typed, as long as this lives.
class Unseen {
 public:
  Unseen() : seen_(tcgetattr(STDIN_FILENO, &before_) != 0) {
    if (seen_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Unseen() {
    if (!seen_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool seen_;
};

}  // namespace

std::optional<std::string> read_secret(std::string_view question, std::size_t max) {
  const bool asked = isatty(STDIN_FILENO) == 1;
  if (asked) std::cerr << question << std::flush;
  const Unseen unseen;
  std::string line;
  // Never moved by growing: a copy would stay behind.
  line.reserve(max + 1);
  // One byte at a time, and by the system: no buffer of a stream keeps a second copy.
  for (char c = 0; read(STDIN_FILENO, &c, 1) == 1 && c != '\n';) {
    if (line.size() > max) return std::nullopt;
    line.push_back(c);
  }
  if (asked) std::cerr << "\n";
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty() || line.size() > max) return std::nullopt;
  return line;
}

}  // namespace keyhold::server
