// How well a network did on a data set, whatever ran it.
#pragma once

#include <cstdint>
#include <vector>

namespace pact::data {

struct Evaluation {
  double top1 = 0;  // per cent
  double loss = 0;
  int64_t images = 0;
  double seconds = 0;
  std::vector<int> predictions;  // class of every image
};

}  // namespace pact::data
