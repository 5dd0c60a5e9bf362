// relay_load: a client for relay.mjs that asks for answers, reads them to their end, and says how long it took.
//   drain PORT PATH CONNECTIONS ANSWERS             prints the milliseconds until all were read
//   first CONNECTIONS ROUNDS PAUSE_MS PORT PATH …   prints, for each target, the median milliseconds to an answer's first byte
//   open PORT PATH CONNECTIONS BYTES                prints how many have that many bytes of an answer; goes on until its input ends
// The environment's AUTHORIZATION has that header's values, a line each, for the connections in turn. Anything but a whole answer with
// status 200 ends it with an error.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kBody =
    R"({"model":"m-1","messages":[{"role":"user","content":"Say two thousand words about anything you like."}],)"
    R"("stream":true,"stream_options":{"include_usage":true},"max_tokens":2000})";

[[noreturn]] void fail(const std::string& why) {
  std::cerr << "relay_load: " << why << "\n";
  std::exit(1);
}

double ms_since(Clock::time_point then) {
  return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
}

double median(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Where an answer ends: by its length, or by its chunks.
class AnswerEnd {
 public:
  /// @return how many of these bytes belong to the answer; done() tells whether it ended with them
  std::size_t take(std::string_view bytes) {
    const std::size_t given = bytes.size();
    while (!bytes.empty() && state_ != State::done) bytes.remove_prefix(step(bytes));
    return given - bytes.size();
  }
  bool done() const { return state_ == State::done; }
  bool begun() const { return body_ > 0; }
  std::size_t body() const { return body_; }

 private:
  enum class State { head, size, data, data_end, last, done };

  std::size_t step(std::string_view bytes) {
    if (state_ == State::data) {
      const std::size_t taken = std::min(left_, bytes.size());
      left_ -= taken;
      body_ += taken;
      if (left_ == 0) state_ = chunked_ ? State::data_end : State::done;
      return taken;
    }
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      line_ += bytes;
      return bytes.size();
    }
    line_ += bytes.substr(0, end);
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    line();
    line_.clear();
    return end + 1;
  }

  void line() {
    switch (state_) {
      case State::head:
        if (line_.starts_with("HTTP/") && line_.substr(8, 4) != " 200") fail("answered with " + line_);
        for (char& c : line_) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        if (line_.starts_with("transfer-encoding: chunked")) chunked_ = true;
        if (line_.starts_with("content-length: ")) left_ = std::strtoull(line_.c_str() + 16, nullptr, 10);
        if (line_.empty()) state_ = chunked_ ? State::size : State::data;
        break;
      case State::size:
        left_ = std::strtoull(line_.c_str(), nullptr, 16);
        state_ = left_ == 0 ? State::last : State::data;
        break;
      case State::data_end: state_ = State::size; break;
      case State::last: state_ = State::done; break;
      default: break;
    }
  }

  State state_ = State::head;
  std::string line_;
  bool chunked_ = false;
  std::size_t left_ = 0;
  std::size_t body_ = 0;
};

struct Target {
  std::uint16_t port;
  std::vector<std::string> requests;  // of the connections in turn
};

Target target(const std::string& port, const std::string& path) {
  Target made{static_cast<std::uint16_t>(std::stoi(port)), {}};
  const char* given = std::getenv("AUTHORIZATION");
  std::istringstream lines(given == nullptr ? "none" : given);
  for (std::string line; std::getline(lines, line);) {
    made.requests.push_back("POST " + path + " HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: " + line +
                            "\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(kBody.size()) +
                            "\r\n\r\n" + std::string(kBody));
  }
  return made;
}

struct Connection {
  int fd = -1;
  AnswerEnd answer;
  std::size_t target = 0;
  std::size_t number = 0;
  Clock::time_point asked;
  Clock::time_point next;
  double first_ms = -1;
};

class Load {
 public:
  explicit Load(std::vector<Target> targets) : targets_(std::move(targets)) {}

  void connect(std::size_t count) {
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      for (std::size_t i = 0; i < count; ++i) connect_one(t);
    }
  }
  std::vector<Connection>& connections() { return connections_; }

  void ask(Connection& connection) {
    const auto& requests = targets_[connection.target].requests;
    const std::string& request = requests[connection.number % requests.size()];
    connection.answer = {};
    connection.first_ms = -1;
    connection.asked = Clock::now();
    if (::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
      fail("cannot ask");
    }
  }

  /// Reads what has come; calls `done` for each connection whose answer has ended.
  template <class Done>
  void step(int wait_ms, Done done) {
    std::array<epoll_event, 256> events{};
    const int count = epoll_wait(epoll_, events.data(), events.size(), wait_ms);
    for (int i = 0; i < count; ++i) {
      Connection& connection = connections_[events[i].data.u64];
      const ssize_t size = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
      if (size < 0 && errno == EAGAIN) continue;
      if (size <= 0) fail("an answer broke off after " + std::to_string(connection.answer.body()) + " bytes");
      connection.answer.take({buffer_.data(), static_cast<std::size_t>(size)});
      if (connection.first_ms < 0 && connection.answer.begun()) connection.first_ms = ms_since(connection.asked);
      if (connection.answer.done()) done(connection);
    }
  }

 private:
  void connect_one(std::size_t which) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(targets_[which].port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("cannot connect");
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = connections_.size()}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    connections_.push_back({.fd = fd, .target = which, .number = connections_.size()});
  }

  std::vector<Target> targets_;
  int epoll_ = epoll_create1(0);
  std::vector<Connection> connections_;
  std::vector<char> buffer_ = std::vector<char>(256 << 10);
};

void drain(Load& load, std::size_t connections, std::size_t answers) {
  load.connect(connections);
  std::size_t asked = 0;
  std::size_t read = 0;
  std::size_t body = 0;
  const auto begun = Clock::now();
  for (Connection& connection : load.connections()) {
    if (asked++ < answers) load.ask(connection);
  }
  while (read < answers) {
    load.step(-1, [&](Connection& connection) {
      if (body != 0 && body != connection.answer.body()) fail("answers of different lengths");
      body = connection.answer.body();
      ++read;
      if (asked < answers) {
        ++asked;
        load.ask(connection);
      }
    });
  }
  std::cout << ms_since(begun) << " " << body << std::endl;
}

/// The targets take turns, each with all of its connections.
void first(Load& load, std::size_t targets, std::size_t connections, std::size_t rounds, int pause_ms) {
  load.connect(connections);
  std::vector<std::vector<double>> times(targets);
  for (std::size_t round = 0; round < rounds + 2; ++round) {
    for (std::size_t turn = 0; turn < targets; ++turn) {
      const std::size_t which = (turn + round) % targets;
      std::size_t waiting = 0;
      const auto begun = Clock::now();
      // Not all at once: people do not ask so.
      for (std::size_t i = 0; i < connections; ++i) {
        Connection& connection = load.connections()[which * connections + i];
        connection.next = begun + std::chrono::microseconds(pause_ms * 1000 * i / connections);
      }
      std::size_t asked = 0;
      const auto ended = [&](Connection& connection) {
        --waiting;
        if (round >= 2) times[which].push_back(connection.first_ms);
      };
      while (asked < connections || waiting > 0) {
        if (asked < connections && load.connections()[which * connections + asked].next <= Clock::now()) {
          load.ask(load.connections()[which * connections + asked]);
          ++asked;
          ++waiting;
        }
        load.step(asked < connections ? 0 : -1, ended);
      }
    }
  }
  for (auto& of : times) std::cout << median(of) << std::endl;
}

void open(Load& load, std::size_t connections, std::size_t bytes) {
  load.connect(connections);
  // Some at a time: it is about how many stay open.
  constexpr std::size_t kAtOnce = 50;
  std::size_t asked = 0;
  for (std::size_t ready = 0; ready < connections;) {
    while (asked < connections && asked - ready < kAtOnce) load.ask(load.connections()[asked++]);
    load.step(1000, [](Connection&) { fail("an answer that was to stay open has ended"); });
    ready = static_cast<std::size_t>(std::count_if(load.connections().begin(), load.connections().end(),
                                                   [&](Connection& one) { return one.answer.body() >= bytes; }));
  }
  std::cout << connections << std::endl;
  epoll_event event{};
  const int input = epoll_create1(0);
  epoll_ctl(input, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  while (epoll_wait(input, &event, 1, 0) == 0) {
    load.step(10, [](Connection&) { fail("an answer that was to stay open has ended"); });
  }
}

}  // namespace

int main(int count, char** arguments) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const std::vector<std::string> given(arguments + 1, arguments + count);
  const auto number = [&](std::size_t i) { return static_cast<std::size_t>(std::stoull(given.at(i))); };
  if (given.size() == 5 && given[0] != "first") {
    Load load({target(given[1], given[2])});
    given[0] == "open" ? open(load, number(3), number(4)) : drain(load, number(3), number(4));
    return 0;
  }
  if (given.size() < 6 || given[0] != "first") fail("drain|open PORT PATH CONNECTIONS COUNT, or first …");
  std::vector<Target> targets;
  for (std::size_t i = 4; i + 1 < given.size(); i += 2) targets.push_back(target(given[i], given[i + 1]));
  Load load(targets);
  first(load, targets.size(), number(1), number(2), static_cast<int>(number(3)));
}
