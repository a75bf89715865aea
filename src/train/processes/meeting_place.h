// Plain sockets around the meeting of processes: is process 0 to be reached, and by which of its addresses
// does this machine talk to it? libtorch would log every attempt, and guess the address from the host's name,
// which on many machines stands for the loopback alone.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "train/processes/socket.h"

namespace pact::train {

// Waits until somebody listens there. Throws Error after `timeout`, or at once for a name that nobody knows.
// `while_waiting` is called now and then; may throw.
void await_listener(const std::string& address, int port, std::chrono::milliseconds timeout,
                    const std::function<void()>& while_waiting);

// The numeric address of this machine on the way to `address`; the loopback where there is no way.
std::string own_address_towards(const std::string& address, int port);

// A socket of process 0, which is said to be at `address`: it listens on a free port, for this machine alone
// where that is the loopback, else on all addresses. Throws Error.
Socket listen_for(const std::string& address, int* port);

// Throws Error.
Socket connected_to(const std::string& address, int port);

}  // namespace pact::train
