#include "train/processes/meeting_place.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>

#include "base/error.h"
#include "train/processes/socket.h"

namespace pact::train {
namespace {

using Clock = std::chrono::steady_clock;
using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses addresses_of(const std::string& address, int port, int type) {
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) fail("process 0 is said to be at '{}', which is not found: {}", address, gai_strerror(code));
  return {found, freeaddrinfo};
}

Socket socket_for(const addrinfo& to, int flags) {
  return Socket(::socket(to.ai_family, to.ai_socktype | SOCK_CLOEXEC | flags, 0));
}

// 0, or why not.
int try_to_connect(const addrinfo& to) {
  constexpr int kPatienceMs = 2000;
  const Socket socket = socket_for(to, SOCK_NONBLOCK);
  if (socket.get() < 0) return errno;
  if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd waiting{socket.get(), POLLOUT, 0};
  if (::poll(&waiting, 1, kPatienceMs) <= 0) return ETIMEDOUT;
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  return code;
}

bool is_loopback(const std::string& address) {
  return address == "localhost" || address == "::1" || address.starts_with("127.");
}

// Of both families where the address is all of IPv6's. None where it cannot be bound.
Socket bound_to(const sockaddr* address, socklen_t size) {
  Socket socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int both_families = 0;
  if (address->sa_family == AF_INET6)
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &both_families, sizeof both_families);
  return ::bind(socket.get(), address, size) == 0 ? std::move(socket) : Socket();
}

}  // namespace

void await_listener(const std::string& address, int port, std::chrono::milliseconds timeout,
                    const std::function<void()>& while_waiting) {
  const Addresses found = addresses_of(address, port, SOCK_STREAM);
  const Clock::time_point end = Clock::now() + timeout;
  while (true) {
    int code = 0;
    for (const addrinfo* to = found.get(); to; to = to->ai_next)
      if ((code = try_to_connect(*to)) == 0) return;
    if (Clock::now() >= end)
      fail(
          "process 0 did not answer at {}, port {}, for {} s ({}). Is it running, do MASTER_ADDR and "
          "MASTER_PORT name its machine and port, and does no firewall stand between? --process-timeout says "
          "how long to wait",
          address, port, std::chrono::duration_cast<std::chrono::seconds>(timeout).count(),
          std::strerror(code));
    while_waiting();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

// A datagram socket is connected without a word being sent.
std::string own_address_towards(const std::string& address, int port) {
  const Addresses found = addresses_of(address, port, SOCK_DGRAM);
  for (const addrinfo* to = found.get(); to; to = to->ai_next) {
    const Socket socket = socket_for(*to, 0);
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    auto* generic = reinterpret_cast<sockaddr*>(&own);
    char text[NI_MAXHOST];
    if (socket.get() >= 0 && ::connect(socket.get(), to->ai_addr, to->ai_addrlen) == 0 &&
        ::getsockname(socket.get(), generic, &size) == 0 &&
        ::getnameinfo(generic, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      return text;
  }
  return "127.0.0.1";
}

Socket listen_for(const std::string& address, int* port) {
  Socket socket;
  if (is_loopback(address)) {
    const Addresses found = addresses_of(address, 0, SOCK_STREAM);
    for (const addrinfo* own = found.get(); own && socket.get() < 0; own = own->ai_next)
      socket = bound_to(own->ai_addr, own->ai_addrlen);
  } else {
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_addr = in6addr_any;
    socket = bound_to(reinterpret_cast<sockaddr*>(&any), sizeof any);
    sockaddr_in any_v4{};
    any_v4.sin_family = AF_INET;
    if (socket.get() < 0)  // a machine without IPv6
      socket = bound_to(reinterpret_cast<sockaddr*>(&any_v4), sizeof any_v4);
  }
  sockaddr_in6 own{};
  socklen_t size = sizeof own;
  if (socket.get() < 0 || ::listen(socket.get(), SOMAXCONN) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0)
    fail("process 0 cannot listen: {}", std::strerror(errno));
  *port = ntohs(own.sin6_port);  // at the same place in an address of either family
  return socket;
}

Socket connected_to(const std::string& address, int port) {
  const Addresses found = addresses_of(address, port, SOCK_STREAM);
  for (const addrinfo* to = found.get(); to; to = to->ai_next) {
    Socket socket = socket_for(*to, 0);
    if (socket.get() >= 0 && ::connect(socket.get(), to->ai_addr, to->ai_addrlen) == 0) return socket;
  }
  fail("process 0 at {}, port {}, is not to be reached: {}", address, port, std::strerror(errno));
}

}  // namespace pact::train
