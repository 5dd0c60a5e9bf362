// relay_upstream: a provider for relay.mjs: answers every call at once from one thread, by the first part of its path.
//   /stream/…  2,000 events in OpenAI's form, the last with the usage      /small/…  one such answer as JSON
//   /open/…    300 KB of events, and then one more every two seconds, without an end
// Prints its port. Ends with its standard input.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

constexpr int kEvents = 2000;
constexpr std::size_t kOpenBytes = 300 << 10;
constexpr std::chrono::seconds kTrickleEvery{2};

/// About 160 bytes, as OpenAI's chat sends them.
std::string event(int number) {
  return R"(data: {"id":"chatcmpl-C7mW2bGx","object":"chat.completion.chunk","created":1760000000,"model":"m-1",)"
         R"("choices":[{"index":0,"delta":{"content":" w)" +
         std::to_string(number) + R"("},"finish_reason":null}]})" + "\n\n";
}

std::string chunk(std::string_view bytes) {
  std::array<char, 16> size{};
  char* end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
  return std::string(size.data(), end).append("\r\n").append(bytes).append("\r\n");
}

const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const std::string kUsage = R"("usage":{"prompt_tokens":12,"completion_tokens":1998,"total_tokens":2010})";

/// Each event in a chunk of its own, as providers send them.
std::string stream() {
  std::string all = kStreamHead;
  for (int i = 0; i < kEvents - 2; ++i) all += chunk(event(i));
  all += chunk(R"(data: {"id":"chatcmpl-C7mW2bGx","model":"m-1","choices":[],)" + kUsage + "}\n\n");
  return all + chunk("data: [DONE]\n\n") + "0\r\n\r\n";
}

std::string open_end() {
  std::string all = kStreamHead;
  for (int i = 0; all.size() < kOpenBytes; ++i) all += chunk(event(i));
  return all;
}

std::string small() {
  const std::string body =
      R"({"id":"c","object":"chat.completion","model":"m-1","choices":[{"index":0,"message":{"role":"assistant",)"
      R"("content":"hello"},"finish_reason":"stop"}],)" +
      kUsage + "}";
  return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

struct Peer {
  std::string in;
  std::string_view out;  // not sent yet
  bool open_end = false;
  bool waits = false;  // for room to send
};

class Upstream {
 public:
  std::uint16_t listen() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* where = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, where, size) != 0 || ::listen(listener_, SOMAXCONN) != 0) return 0;
    getsockname(listener_, where, &size);
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
    return ntohs(address.sin_port);
  }

  void run() {
    auto next = std::chrono::steady_clock::now() + kTrickleEvery;
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), 100);
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == STDIN_FILENO) return;
        if (fd == listener_) {
          accept();
        } else if (!serve(fd)) {
          peers_.erase(fd);
          close(fd);
        }
      }
      if (std::chrono::steady_clock::now() < next) continue;
      next += kTrickleEvery;
      for (auto& [fd, peer] : peers_) {
        if (!peer.open_end || !peer.out.empty()) continue;
        peer.out = one_more_;
        send(fd, peer);
      }
    }
  }

 private:
  void watch(int fd, std::uint32_t what, int how) {
    epoll_event event{.events = what, .data = {.fd = fd}};
    epoll_ctl(epoll_, how, fd, &event);
  }

  void accept() {
    for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      const int yes = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      peers_[fd] = {};
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  bool serve(int fd) {
    Peer& peer = peers_[fd];
    if (!peer.out.empty() && !send(fd, peer)) return false;
    std::array<char, 16 << 10> bytes{};
    for (;;) {
      const ssize_t size = recv(fd, bytes.data(), bytes.size(), 0);
      if (size == 0) return false;
      if (size < 0) return errno == EAGAIN;
      peer.in.append(bytes.data(), static_cast<std::size_t>(size));
      if (!answer(fd, peer)) return false;
    }
  }

  /// Whole requests only, one at a time.
  bool answer(int fd, Peer& peer) {
    const std::size_t end = peer.in.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    const std::size_t at = peer.in.find("ontent-");
    std::size_t length = 0;
    for (std::size_t found = at; found < end; found = peer.in.find("ontent-", found + 1)) {
      if (std::string_view(peer.in).substr(found + 8, 6) != "ength:") continue;
      const char* number = peer.in.data() + found + 14;
      while (*number == ' ') ++number;
      std::from_chars(number, peer.in.data() + end, length);
    }
    if (peer.in.size() < end + 4 + length) return true;
    const std::string_view path = std::string_view(peer.in).substr(peer.in.find(' ') + 1);
    peer.open_end = path.substr(0, 6) == "/open/";
    peer.out = peer.open_end ? open_end_ : path.substr(0, 8) == "/stream/" ? stream_ : small_;
    peer.in.erase(0, end + 4 + length);
    return send(fd, peer);
  }

  bool send(int fd, Peer& peer) {
    while (!peer.out.empty()) {
      const ssize_t size = ::send(fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
      if (size < 0 && errno != EAGAIN) return false;
      if (size < 0) break;
      peer.out.remove_prefix(static_cast<std::size_t>(size));
    }
    if (peer.waits == !peer.out.empty()) return true;
    peer.waits = !peer.out.empty();
    watch(fd, peer.waits ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    return true;
  }

  int epoll_ = epoll_create1(0);
  int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  std::unordered_map<int, Peer> peers_;
  const std::string stream_ = stream();
  const std::string open_end_ = open_end();
  const std::string small_ = small();
  const std::string one_more_ = chunk(event(0));
};

}  // namespace

int main() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Upstream upstream;
  const std::uint16_t port = upstream.listen();
  if (port == 0) return 1;
  std::cout << port << std::endl;
  upstream.run();
}
