// Only + - * /, square root and rounding appear here and in drawing.cc: IEEE arithmetic fixes their results,
// where sin and its kin differ between C libraries, so a data set has the same bytes on every machine. Unions
// are minima of distances, intersections maxima, differences maxima with the negative.
#include "data/figures.h"

#include <algorithm>
#include <cmath>

namespace pact::data {
namespace {

float length(Point p) { return std::sqrt(p.x * p.x + p.y * p.y); }
float box(Point p, float half_width, float half_height) {
  return std::max(std::abs(p.x) - half_width, std::abs(p.y) - half_height);
}

// Distance to the nearest edge of a pattern of bands of width `band`: negative in every other one.
float bands(float x, float band) {
  const float phase = x / (2 * band);
  const float within =
      std::abs(phase - std::floor(phase) - 0.5f);  // 0 in the middle of a band, 0.25 at its edge
  return (within - 0.25f) * 2 * band;
}

float disc(Point p) { return length(p) - 0.88f; }
float ring(Point p) { return std::abs(length(p) - 0.76f) - 0.2f; }
float square(Point p) { return box(p, 0.78f, 0.78f); }

// The intersection of three half planes.
float triangle(Point p) {
  constexpr float kInner = 0.54f;  // radius of the inscribed circle
  const float slanted = 0.8660254f * std::abs(p.x) + 0.5f * p.y;
  return std::max(slanted, -p.y) - kInner;
}

float hourglass(Point p) {
  return std::max(std::abs(p.y) - 0.88f, (std::abs(p.x) - std::abs(p.y)) * 0.70710678f);
}

// Five points: folded by the mirror lines of the pentagon onto one half point, then the distance to one edge.
float star(Point p) {
  constexpr float kCos = 0.80901699f;  // of 36 degrees
  constexpr float kSin = 0.58778525f;
  constexpr float kTip = 1.1f;     // radius of the points
  constexpr float kWaist = 0.42f;  // radius of the notches over that of the points
  p.x = std::abs(p.x);
  const float right = 2 * std::max(kCos * p.x - kSin * p.y, 0.0f);
  p = {p.x - right * kCos, p.y + right * kSin};
  const float left = 2 * std::max(-kCos * p.x - kSin * p.y, 0.0f);
  p = {std::abs(p.x + left * kCos), p.y + left * kSin - kTip};
  const Point edge = {kWaist * kSin, kWaist * kCos - 1};
  const float along = (p.x * edge.x + p.y * edge.y) / (edge.x * edge.x + edge.y * edge.y);
  const float at = std::clamp(along, 0.0f, kTip);
  const float distance = length({p.x - edge.x * at, p.y - edge.y * at});
  return p.y * edge.x - p.x * edge.y < 0 ? -distance : distance;
}

float cross(Point p) { return std::min(box(p, 1.0f, 0.3f), box(p, 0.3f, 1.0f)); }
float crescent(Point p) { return std::max(length(p) - 0.98f, 0.76f - length({p.x - 0.46f, p.y})); }
float stripes(Point p) { return std::max(box(p, 0.9f, 0.9f), bands(p.x - 0.18f, 0.36f)); }

float checker(Point p) {
  const float columns = bands(p.x, 0.46f), rows = bands(p.y, 0.46f);
  const float cells = std::max(std::min(columns, rows), -std::max(columns, rows));  // both or neither
  return std::max(box(p, 0.92f, 0.92f), cells);
}

}  // namespace

const std::array<Figure, kFigureCount>& figures() {
  static constexpr std::array<Figure, kFigureCount> kFigures = {{{"disc", disc},
                                                                 {"ring", ring},
                                                                 {"square", square},
                                                                 {"triangle", triangle},
                                                                 {"hourglass", hourglass},
                                                                 {"star", star},
                                                                 {"cross", cross},
                                                                 {"crescent", crescent},
                                                                 {"stripes", stripes},
                                                                 {"checker", checker}}};
  return kFigures;
}

}  // namespace pact::data
