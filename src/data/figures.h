// The ten figures of the data set "shapes", each as a signed distance: negative inside, in units of the
// figure's radius. One smooth function per figure gives position, scale, rotation and antialiased edges for
// free.
#pragma once

#include <array>

namespace pact::data {

struct Point {
  float x = 0;
  float y = 0;
};

struct Figure {
  const char* name;
  float (*distance)(
      Point p);  // radius 1 about the origin; exact or a lower bound, gradient of length 1 near edges
};

constexpr int kFigureCount = 10;

// In the order of their labels.
const std::array<Figure, kFigureCount>& figures();

}  // namespace pact::data
