// One step of a plan: what it reads and writes, and a function that computes it for the images at hand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "graph/graph.h"

namespace pact::engine {

inline constexpr graph::ValueId kNoValue = -1;

// What a step computes in. Values lie in one arena, at offsets that the plan assigned; each worker of the
// pool has scratch memory of its own.
struct Workspace {
  std::byte* arena = nullptr;
  const size_t* offsets = nullptr;  // by value
  std::byte* scratch = nullptr;
  size_t scratch_stride = 0;
  int64_t batch = 1;
  ThreadPool* pool = nullptr;
  int64_t* ticket = nullptr;  // see take_tickets
  int64_t ticket_stride = 1;

  template <typename Element>
  Element* at(graph::ValueId value) const {
    return reinterpret_cast<Element*>(arena + offsets[value]);
  }
  // Numbers that no worker ever sees again, `ticket_stride` apart: by them it knows that what lies in its
  // scratch memory belongs to something else. Returns the first of `count`.
  int64_t take_tickets(int64_t count) const {
    const int64_t first = *ticket;
    *ticket += count * ticket_stride;
    return first;
  }
  // The first line of each worker's scratch memory is for what it has prepared (integer_step.cc), whose
  // tickets nobody may write over.
  static constexpr size_t kHeader = 64;
  std::byte* header_of(int worker) const { return scratch + static_cast<size_t>(worker) * scratch_stride; }
  std::byte* scratch_of(int worker) const { return header_of(worker) + kHeader; }
};

struct Step {
  std::string name;       // of the node, or of the first one of several that are computed together
  std::string algorithm;  // for people
  int64_t macs = 0;       // per image
  int64_t images = 1;     // at most, in one run
  std::vector<graph::ValueId> reads, writes;
  // A value it writes that may lie over one that it reads: element i of the one is all that becomes element i
  // of the other. None: kNoValue.
  graph::ValueId written_over = kNoValue, over = kNoValue;
  size_t scratch_bytes = 0;  // per worker
  size_t weight_bytes = 0;
  std::function<void(const Workspace&)> run;
};

// body(begin, end) over [0, count) in parts that are worth a thread's while.
template <typename Body>
void for_ranges(const Workspace& workspace, int64_t count, int64_t grain, const Body& body) {
  const int64_t parts = (count + grain - 1) / grain;
  workspace.pool->parallel_for(
      parts, [&](int64_t part, int) { body(part * grain, std::min(count, (part + 1) * grain)); });
}

}  // namespace pact::engine
