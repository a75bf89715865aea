#include "train/processes/short_sums.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>

namespace pact::train {
namespace {

[[noreturn]] void broke(int code) {
  throw std::system_error(code, std::generic_category(), "a connection broke");
}

void await(const Socket& socket, const ShortSums::WhileWaiting& while_waiting) {
  constexpr int kPollMs = 200;
  pollfd waiting{socket.get(), POLLIN, 0};
  while (::poll(&waiting, 1, kPollMs) <= 0) while_waiting();
}

void receive(const Socket& socket, std::span<std::byte> bytes, const ShortSums::WhileWaiting& while_waiting) {
  while (!bytes.empty()) {
    await(socket, while_waiting);
    const ssize_t got = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) broke(got == 0 ? ECONNRESET : errno);
    bytes = bytes.subspan(static_cast<size_t>(got));
  }
}

void send(const Socket& socket, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) broke(errno);
    bytes = bytes.subspan(static_cast<size_t>(sent));
  }
}

void send_at_once(const Socket& socket) {
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// The rank by which the other end introduces itself; 0 for a stranger, who does not do so in time.
int rank_of(const Socket& peer, const ShortSums::WhileWaiting& while_waiting) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  int32_t rank = 0;
  try {
    receive(peer, std::as_writable_bytes(std::span(&rank, 1)), [&] {
      while_waiting();
      if (std::chrono::steady_clock::now() > end) broke(ETIMEDOUT);
    });
  } catch (const std::system_error&) {
    return 0;
  }
  return rank;
}

}  // namespace

ShortSums::ShortSums(Socket listener, int count, const WhileWaiting& while_waiting)
    : peers_(static_cast<size_t>(count - 1)), is_first_(true) {
  for (int absent = count - 1; absent > 0;) {
    await(listener, while_waiting);
    Socket peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.get() < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (peer.get() < 0) broke(errno);
    const int rank = rank_of(peer, while_waiting);
    if (rank < 1 || rank >= count || peers_[static_cast<size_t>(rank - 1)].get() >= 0) continue;
    send_at_once(peer);
    peers_[static_cast<size_t>(rank - 1)] = std::move(peer);
    --absent;
  }
}

ShortSums::ShortSums(Socket to_first, int rank) : is_first_(false) {
  const int32_t number = rank;
  send_at_once(to_first);
  send(to_first, std::as_bytes(std::span(&number, 1)));
  peers_.push_back(std::move(to_first));
}

void ShortSums::sum(std::span<double> numbers, const WhileWaiting& while_waiting) {
  if (!is_first_) {
    send(peers_[0], std::as_bytes(numbers));
    receive(peers_[0], std::as_writable_bytes(numbers), while_waiting);
    return;
  }
  received_.resize(numbers.size());
  for (const Socket& peer : peers_) {
    receive(peer, std::as_writable_bytes(std::span(received_)), while_waiting);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] += received_[i];
  }
  for (const Socket& peer : peers_) send(peer, std::as_bytes(numbers));
}

}  // namespace pact::train
