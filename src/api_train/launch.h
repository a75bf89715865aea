// More processes of this very program on this machine, each told by the environment which one it is: what
// torchrun does, which not every libtorch comes with.
#pragma once

#include <sys/types.h>

#include <vector>

namespace pact::api {

class Children {
 public:
  // Starts processes 1 .. count - 1 of `count` with the arguments of this one, which is process 0 and listens
  // on `port` of this machine. Throws Error.
  Children(int count, int port);
  // Waits for them; those that do not end within some seconds are stopped.
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  // Throws Error when one has ended already.
  void require_running();

 private:
  Children() = default;

  struct Child {
    int rank;
    pid_t id;
    bool has_ended = false;
  };
  std::vector<Child> children_;
};

}  // namespace pact::api
