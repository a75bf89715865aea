// Sums of a few numbers over few processes, which batch norm needs twice a layer: what counts is how long one
// takes, not how much it carries. Through gloo's threads one takes 0.67 ms between two processes of a
// machine, over a socket that the calling thread itself reads 0.03 ms. All send to process 0, which adds up
// in their order and sends the sums back; beyond a few processes, or numbers, gloo's rings are better.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "train/processes/socket.h"

namespace pact::train {

class ShortSums {
 public:
  static constexpr int kMostProcesses = 8;
  static constexpr size_t kMostNumbers = 4096;

  // Called again and again while a call waits; ends the wait by throwing.
  using WhileWaiting = std::function<void()>;

  // Of process 0: those of the others come from `listener`. Strangers who connect are dropped.
  ShortSums(Socket listener, int count, const WhileWaiting& while_waiting);
  // Of process `rank`, whose way to process 0 is `to_first`.
  ShortSums(Socket to_first, int rank);

  // Replaces each number by its sum over all processes. Throws std::system_error where a connection broke.
  void sum(std::span<double> numbers, const WhileWaiting& while_waiting);

 private:
  std::vector<Socket> peers_;  // of process 0: the others, in their order; else process 0 alone
  bool is_first_;
  std::vector<double> received_;
};

}  // namespace pact::train
