// The knobs below set how hard the data set is. They were chosen so that a small residual network reaches 90
// to 95 % within minutes: room enough above chance for low bit widths to show what they lose. Low contrast,
// noise and bars are what costs accuracy; the figures themselves are easy.
#include "data/drawing.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/figures.h"

namespace pact::data {
namespace {

struct Range {
  double low;
  double high;
};

// Lengths are in pixels, colours in pixel codes.
constexpr Range kRadius = {6.5, 11.5};
constexpr Range kStretch = {0.8, 1.25};  // of one axis against the other
constexpr Range kContrast = {60, 150};   // distance between figure and background in colour space
constexpr Range kTint = {0, 0.8};        // of a figure, as a share of its contrast
constexpr Range kBaseColour = {50, 170};
constexpr Range kGradient = {0, 30};  // of the background, across the image
constexpr Range kTexture = {0, 14};   // amplitude of a background wave; there are two
constexpr Range kWaveLength = {4, 24};
constexpr Range kNoise = {3, 16};  // standard deviation
constexpr int kMaxDistractors = 3;
constexpr Range kDistractorRadius = {1.5, 3.5};
constexpr int kMaxBars = 2;
constexpr Range kBarHalfWidth = {0.7, 1.8};
constexpr float kOffCentre = 1.0f;  // 0: centred; 1: anywhere with at most a corner outside

using Colour = std::array<float, kDrawingChannels>;
constexpr float kSide = kDrawingSide;

float within(Random& random, Range range) {
  return static_cast<float>(random.uniform(range.low, range.high));
}

Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
float dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }

// A direction, without sin and cos: a point drawn in the unit disc, brought to length 1.
Point direction(Random& random) {
  while (true) {
    const Point p = {within(random, {-1, 1}), within(random, {-1, 1})};
    const float squared = dot(p, p);
    if (squared > 0.01f && squared <= 1) return {p.x / std::sqrt(squared), p.y / std::sqrt(squared)};
  }
}

// A colour offset of length `size` in colour space, in any direction.
Colour offset(Random& random, float size) {
  while (true) {
    Colour c = {within(random, {-1, 1}), within(random, {-1, 1}), within(random, {-1, 1})};
    const float squared = c[0] * c[0] + c[1] * c[1] + c[2] * c[2];
    if (squared < 0.01f || squared > 1) continue;
    for (float& part : c) part *= size / std::sqrt(squared);
    return c;
  }
}

// One that makes the colour lighter: grey by `size`, tinted.
Colour lighter(Random& random, float size) {
  Colour c = offset(random, size * within(random, kTint));
  for (float& part : c) part += size * 0.57735027f;
  return c;
}

// Period 1, between -1 and 1, made of parabolas: near enough to a sine.
float wave(float t) {
  const float f = t - std::floor(t);
  return f < 0.5f ? 16 * f * (0.5f - f) : -16 * (f - 0.5f) * (1 - f);
}

using Canvas = std::array<Colour, size_t{kDrawingSide} * kDrawingSide>;

Point centre_of(size_t pixel) {
  return {static_cast<float>(pixel % kDrawingSide) + 0.5f, static_cast<float>(pixel / kDrawingSide) + 0.5f};
}

void blend(Colour& under, const Colour& over, float coverage) {
  for (size_t c = 0; c < over.size(); ++c) under[c] += (over[c] - under[c]) * coverage;
}

// What share of a pixel lies inside an edge at signed distance `d` (in pixels) from its centre.
float coverage(float d) { return std::clamp(0.5f - d, 0.0f, 1.0f); }

void paint_background(Random& random, const Colour& base, Canvas& canvas) {
  struct Wave {
    Point along;
    float phase;
    Colour amplitude;
  };
  std::array<Wave, 2> waves;
  for (Wave& w : waves) {
    const Point d = direction(random);
    const float length = within(random, kWaveLength);
    w = {{d.x / length, d.y / length}, within(random, {0, 1}), offset(random, within(random, kTexture))};
  }
  const Point slope = direction(random);
  const Colour rise = offset(random, within(random, kGradient));
  for (size_t i = 0; i < canvas.size(); ++i) {
    const Point p = centre_of(i);
    const float height = dot(p - Point{kSide / 2, kSide / 2}, slope) / kSide;
    canvas[i] = base;
    for (size_t c = 0; c < base.size(); ++c) canvas[i][c] += rise[c] * height;
    for (const Wave& w : waves) {
      const float h = wave(dot(p, w.along) + w.phase);
      for (size_t c = 0; c < base.size(); ++c) canvas[i][c] += w.amplitude[c] * h;
    }
  }
}

struct Placed {
  Point at;
  float radius = 0;
  Colour colour = {};
};

void paint_figure(Random& random, const Figure& figure, const Placed& placed, Canvas& canvas) {
  const Point turn = direction(random);
  const float stretch = within(random, kStretch);
  const float reach = placed.radius * 1.5f;  // no figure goes further, even stretched
  for (size_t i = 0; i < canvas.size(); ++i) {
    const Point p = centre_of(i) - placed.at;
    if (dot(p, p) > (reach + 1) * (reach + 1)) continue;
    const Point turned = {dot(p, turn) / placed.radius,
                          (p.y * turn.x - p.x * turn.y) / placed.radius * stretch};
    blend(canvas[i], placed.colour, coverage(figure.distance(turned) * placed.radius));
  }
}

// A bar right across the image, through a point near `through`.
void paint_bar(Random& random, Point through, const Colour& colour, Canvas& canvas) {
  const Point normal = direction(random);
  const float shift = within(random, {-kSide / 4, kSide / 4});
  const float half = within(random, kBarHalfWidth);
  for (size_t i = 0; i < canvas.size(); ++i) {
    blend(canvas[i], colour, coverage(std::abs(dot(centre_of(i) - through, normal) - shift) - half));
  }
}

// Mean 0, standard deviation 1: four 5-bit uniforms summed, near enough to normal. `bits` holds 20 bits.
float noise_of(uint64_t bits) {
  const uint64_t sum = (bits & 31) + ((bits >> 5) & 31) + ((bits >> 10) & 31) + ((bits >> 15) & 31);
  return (static_cast<float>(sum) - 62.0f) * (1 / 18.466185f);  // variance 4 * (32^2 - 1) / 12
}

void expose(Random& random, const Canvas& canvas, std::span<uint8_t> out) {
  const float deviation = within(random, kNoise);
  for (size_t i = 0; i < canvas.size(); ++i) {
    uint64_t bits = random.bits();
    for (size_t c = 0; c < kDrawingChannels; ++c, bits >>= 20) {
      const float pixel = canvas[i][c] + deviation * noise_of(bits);
      out[i * kDrawingChannels + c] = static_cast<uint8_t>(std::nearbyint(std::clamp(pixel, 0.0f, 255.0f)));
    }
  }
}

}  // namespace

void draw(int label, Random& random, std::span<uint8_t> out) noexcept {
  Colour base;
  for (float& part : base) part = within(random, kBaseColour);
  const auto coloured = [&] {
    Colour colour = lighter(random, within(random, kContrast));
    for (size_t c = 0; c < base.size(); ++c) colour[c] += base[c];
    return colour;
  };
  const auto somewhere = [&](float margin) {
    return Point{within(random, {margin, kSide - margin}), within(random, {margin, kSide - margin})};
  };

  Canvas canvas;
  paint_background(random, base, canvas);
  for (uint64_t n = random.below(kMaxDistractors + 1); n > 0; --n) {
    const Figure& figure = figures()[random.below(kFigureCount)];
    const float radius = within(random, kDistractorRadius);
    const Point at = somewhere(radius);
    paint_figure(random, figure, {at, radius, coloured()}, canvas);
  }
  Placed main;
  main.radius = within(random, kRadius);
  main.at = somewhere(kSide / 2 - kOffCentre * (kSide / 2 - main.radius));
  main.colour = coloured();
  paint_figure(random, figures()[static_cast<size_t>(label)], main, canvas);
  for (uint64_t n = random.below(kMaxBars + 1); n > 0; --n) {
    const Colour colour = coloured();
    paint_bar(random, main.at, colour, canvas);
  }
  expose(random, canvas, out);
}

}  // namespace pact::data
