// The kernels for CUDA, run as plain C++, thread by thread (launch.inc): element by element the bits of the
// CPU's portable kernels, sums close to theirs, weights those of the number format. What a GPU adds is the
// launch.

#include "kernels/cuda/cuda_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "quant/weights.h"

namespace pact::kernels {
namespace {

const CudaKernels& gpu = kCuda_emulated;
constexpr CudaStream kNoStream = nullptr;

void expect_launched(const CudaLaunch& launch) { EXPECT_EQ(launch.problem, nullptr); }

// Numbers as they are stored.
struct Stored {
  Storage storage;
  std::vector<unsigned char> bytes;

  Stored(Storage s, int64_t count)
      : storage(s), bytes(static_cast<size_t>(count) * (s == Storage::f32 ? 4 : 2), 0xee) {}
  static Stored random(Storage s, int64_t count, uint64_t seed) {
    Stored result(s, count);
    Random numbers(seed);
    for (int64_t i = 0; i < count; ++i) {
      const float v = i % 7 == 0 ? 0.0f : static_cast<float>(numbers.normal());
      const uint32_t bits = __builtin_bit_cast(uint32_t, v);
      const size_t size = s == Storage::f32 ? 4 : 2;
      __builtin_memcpy(result.bytes.data() + static_cast<size_t>(i) * size,
                       reinterpret_cast<const char*>(&bits) + 4 - size, size);
    }
    return result;
  }
  void* data() { return bytes.data(); }
  const void* data() const { return bytes.data(); }
};

struct Sums {
  std::vector<float> threads;
  std::vector<double> groups, channels;

  Sums(const CudaRows& rows, int kinds)
      : threads(static_cast<size_t>(rows.chunks * kinds * rows.width), NAN),
        groups(static_cast<size_t>(CudaRows::kGroups * kinds * rows.width), NAN),
        channels(static_cast<size_t>(kinds * rows.channels + 1), NAN) {}
  CudaSums room() { return {threads.data(), groups.data(), channels.data()}; }
};

struct Shape {
  int64_t pixels, channels;
};
// One channel, few and many, odd ones, as many as lanes and one more or less, more than one chunk, so many
// rows that chunks grow, one pixel, none.
const Shape kShapes[] = {{5000, 1}, {4000, 16}, {333, 5}, {37, 300},  {5, 2048},   {70, 255},
                         {70, 256}, {70, 257},  {1, 3},   {70000, 3}, {4097, 129}, {0, 4}};

// The sums of the CPU's kernels, whose lanes here are channels; each then a part of a sum of doubles.
void expect_close(const std::vector<double>& ours, size_t first, const std::vector<float>& theirs,
                  int64_t terms) {
  for (size_t c = 0; c < theirs.size(); ++c)
    EXPECT_NEAR(
        ours[first + c], static_cast<double>(theirs[c]),
        1e-6 * std::sqrt(static_cast<double>(terms)) * (10 + std::fabs(static_cast<double>(theirs[c]))));
}

TEST(CudaRows, HaveRoomForEveryElement) {
  for (const Shape& shape : kShapes) {
    const CudaRows rows(shape.pixels * shape.channels, shape.channels);
    EXPECT_EQ(rows.width % rows.channels, 0);
    EXPECT_LE(rows.chunks, CudaRows::kMostChunks);
    EXPECT_GE(rows.chunks * rows.chunk_rows * rows.width, rows.elements);
  }
  const CudaRows large(int64_t{3} << 32, 64);  // beyond what 32 bits count
  EXPECT_LE(large.chunks, CudaRows::kMostChunks);
  EXPECT_GE(large.chunks * large.chunk_rows * large.width, large.elements);
  EXPECT_LT((large.chunks - 1) * large.chunk_rows * large.width, large.elements);
}

TEST(CudaKernels, AQuantizerByItselfIsThatOfTheCpu) {
  for (const Storage storage : {Storage::f32, Storage::bf16})
    for (const Shape& shape : kShapes)
      for (const float residue : {0.0f, 0.3f}) {
        SCOPED_TRACE(testing::Message() << shape.pixels << " pixels " << shape.channels << " channels");
        const int64_t count = shape.pixels * shape.channels;
        const CudaRows rows(count, shape.channels);
        std::vector<float> least, largest, step;
        for (int64_t c = 0; c < shape.channels; ++c) {
          step.push_back(0.1f + 0.001f * static_cast<float>(c));
          least.push_back(-4 * step.back()), largest.push_back(3 * step.back());
        }
        const ClipLanes lanes{count, shape.channels, least.data(), largest.data(), step.data()};
        const CudaClip clip{least.data(), largest.data(), step.data()};
        const ClipShares shares{-4, 3, residue};
        const Stored x = Stored::random(storage, count, 1), dq = Stored::random(storage, count, 2);
        Stored q(storage, count), dx = q, expected_q = q, expected_dx = q;
        Sums sums(rows, 1);
        std::vector<float> expected_sum(static_cast<size_t>(shape.channels));
        expect_launched(gpu.clip_forward(kNoStream, storage, rows, clip, x.data(), q.data()));
        expect_launched(gpu.clip_backward(kNoStream, storage, rows, clip, shares, x.data(), dq.data(),
                                          dx.data(), sums.room()));
        kClipQuantize_portable.forward(storage, lanes, x.data(), expected_q.data());
        kClipQuantize_portable.backward(storage, lanes, shares, x.data(), dq.data(), expected_dx.data(),
                                        expected_sum.data());
        EXPECT_EQ(q.bytes, expected_q.bytes);
        EXPECT_EQ(dx.bytes, expected_dx.bytes);
        expect_close(sums.channels, 0, expected_sum, shape.pixels);
      }
}

TEST(CudaKernels, NormalizationAndWhatFollowsItAreThoseOfTheCpu) {
  for (const Storage storage : {Storage::f32, Storage::bf16})
    for (const Shape& shape : kShapes)
      for (const bool shortcut : {false, true})
        for (const bool quantized : {false, true})
          for (const float residue : {0.0f, 0.2f}) {
            if (shape.pixels == 0) continue;
            SCOPED_TRACE(testing::Message()
                         << shape.pixels << " pixels " << shape.channels << " channels, shortcut " << shortcut
                         << " quantized " << quantized);
            const int64_t count = shape.pixels * shape.channels, width = shape.channels;
            const size_t channels = static_cast<size_t>(width);
            const CudaRows rows(count, width);
            const Stored y = Stored::random(storage, count, 1), s = Stored::random(storage, count, 2),
                         dr = Stored::random(storage, count, 3), dq = Stored::random(storage, count, 4);
            // mean, 1 / deviation, scale, shift
            std::vector<double> affine(4 * channels);
            std::vector<float> mean, scale, shift;
            Random random(5);
            for (double& a : affine) a = random.normal();
            for (size_t c = 0; c < channels; ++c) {
              mean.push_back(static_cast<float>(affine[c]));
              scale.push_back(static_cast<float>(affine[2 * channels + c]));
              shift.push_back(static_cast<float>(affine[3 * channels + c]));
            }
            const float alpha = 0.8f, step = 0.8f / 7;
            CudaNormActivate n{y.data(), shortcut ? s.data() : nullptr,
                               nullptr,  nullptr,
                               nullptr,  affine.data(),
                               0.0f,     alpha,
                               step,     residue};
            Stored r(storage, count), q = r, dz = r, dy = r, cpu_r = r, cpu_q = r, cpu_dz = r, cpu_dy = r;
            expect_launched(
                gpu.forward(kNoStream, storage, rows, n, r.data(), quantized ? q.data() : nullptr));
            kNormActivate_portable.forward(
                storage, {count, width, y.data(), n.shortcut, scale.data(), shift.data(), 0.0f, alpha, step,
                          cpu_r.data(), quantized ? cpu_q.data() : nullptr});
            EXPECT_EQ(r.bytes, cpu_r.bytes);
            EXPECT_EQ(q.bytes, cpu_q.bytes);

            n.r = shortcut ? r.data() : nullptr;
            n.dr = shortcut || !quantized ? dr.data() : nullptr;
            n.dq = quantized ? dq.data() : nullptr;
            Sums sums(rows, 3);
            void* dz_out = shortcut ? dz.data() : nullptr;
            expect_launched(gpu.backward_sums(kNoStream, storage, rows, n, dz_out, sums.room()));
            const NormActivateBackward back{count,        width,        y.data(), n.r,   n.dr, n.dq,
                                            scale.data(), shift.data(), 0.0f,     alpha, step, residue};
            std::vector<float> sum_dz(channels), sum_dzy(channels), sum_alpha(channels);
            kNormActivate_portable.backward_sums(storage, back, mean.data(), sum_dz.data(), sum_dzy.data(),
                                                 sum_alpha.data(), shortcut ? cpu_dz.data() : nullptr);
            EXPECT_EQ(dz.bytes, cpu_dz.bytes);
            expect_close(sums.channels, 0, sum_dz, shape.pixels);
            for (size_t c = 0; c < channels; ++c)
              sum_dzy[c] = static_cast<float>(static_cast<double>(sum_dzy[c]) * affine[channels + c]);
            expect_close(sums.channels, channels, sum_dzy, shape.pixels);
            expect_close(sums.channels, 2 * channels, sum_alpha, shape.pixels);

            // dy from the same sums, by the formula in double precision.
            const double pixels = static_cast<double>(shape.pixels);
            std::vector<float> by_y(channels), constant(channels);
            for (size_t c = 0; c < channels; ++c) {
              const double factor =
                  -affine[2 * channels + c] * affine[channels + c] * sums.channels[channels + c] / pixels;
              by_y[c] = static_cast<float>(factor);
              constant[c] = static_cast<float>(-affine[2 * channels + c] * sums.channels[c] / pixels -
                                               affine[c] * factor);
            }
            const void* dz_in = shortcut ? dz.data() : nullptr;
            expect_launched(gpu.backward_apply(kNoStream, storage, rows, n, dz_in, sums.channels.data(),
                                               &pixels, dy.data()));
            kNormActivate_portable.backward_apply(storage, back, dz_in, scale.data(), by_y.data(),
                                                  constant.data(), cpu_dy.data());
            EXPECT_EQ(dy.bytes, cpu_dy.bytes);
          }
}

TEST(CudaKernels, MomentsAndWhatFollowsFromThem) {
  for (const Shape& shape : kShapes) {
    if (shape.pixels == 0) continue;
    const size_t channels = static_cast<size_t>(shape.channels), pixels = static_cast<size_t>(shape.pixels);
    const CudaRows rows(shape.pixels * shape.channels, shape.channels);
    std::vector<float> y(pixels * channels), gamma(channels, 1.5f), beta(channels, 0.25f),
        mean(channels, 1.0f), var(channels, 2.0f);
    Random random(1);
    for (float& v : y) v = static_cast<float>(1000 + random.normal());  // a mean far from zero
    Sums sums(rows, 2);
    sums.channels.resize(2 * channels + 1);
    expect_launched(gpu.moments(kNoStream, Storage::f32, rows, y.data(), sums.room()));
    std::vector<double> affine(4 * channels);
    expect_launched(gpu.affine(
        kNoStream,
        {shape.channels, sums.channels.data(), gamma.data(), beta.data(), mean.data(), var.data(), 0.1, 1e-5},
        affine.data()));
    EXPECT_EQ(sums.channels.back(), static_cast<double>(pixels));
    for (size_t c = 0; c < channels; ++c) {
      double sum = 0, squares = 0;
      for (size_t i = c; i < y.size(); i += channels) sum += static_cast<double>(y[i]);
      const double m = sum / static_cast<double>(pixels);
      for (size_t i = c; i < y.size(); i += channels) squares += std::pow(static_cast<double>(y[i]) - m, 2);
      const double v = squares / static_cast<double>(pixels), n = static_cast<double>(pixels);
      EXPECT_NEAR(affine[c], m, 1e-6 * m);
      EXPECT_NEAR(affine[channels + c], 1 / std::sqrt(v + 1e-5), 1e-4 / std::sqrt(v + 1e-5));
      EXPECT_NEAR(affine[2 * channels + c], 1.5 * affine[channels + c], 1e-9 / (v + 1e-5));
      EXPECT_NEAR(affine[3 * channels + c], 0.25 - affine[c] * affine[2 * channels + c], 1e-6);
      EXPECT_NEAR(static_cast<double>(mean[c]), 0.9 + 0.1 * m, 1e-4 * m);
      EXPECT_NEAR(static_cast<double>(var[c]), 1.8 + 0.1 * v * (n > 1 ? n / (n - 1) : 1), 1e-4);
    }
    // Of running statistics, which stay as they are.
    const std::vector<float> mean_before = mean;
    expect_launched(gpu.affine(
        kNoStream, {shape.channels, nullptr, gamma.data(), beta.data(), mean.data(), var.data(), 0.1, 1e-5},
        affine.data()));
    EXPECT_EQ(mean, mean_before);
    EXPECT_EQ(affine[0], static_cast<double>(mean[0]));
  }
}

TEST(CudaKernels, AShareWithoutImagesAddsNothing) {
  const CudaRows rows(0, 5);
  Sums sums(rows, 2);
  expect_launched(gpu.moments(kNoStream, Storage::f32, rows, nullptr, sums.room()));
  EXPECT_EQ(sums.channels, std::vector<double>(2 * 5 + 1));
  Sums gradients(rows, 3);
  const std::vector<double> affine(4 * 5, 1.0);
  CudaNormActivate n{};
  n.affine = affine.data(), n.alpha = 1, n.step = 1;
  expect_launched(gpu.backward_sums(kNoStream, Storage::bf16, rows, n, nullptr, gradients.room()));
  EXPECT_EQ(std::vector<double>(gradients.channels.begin(), gradients.channels.end() - 1),
            std::vector<double>(3 * 5));
}

TEST(CudaKernels, WeightsOfMoreBlocksThanSixteenBitsCount) {
  const int64_t count = 65537 * 256 + 3;
  std::vector<float> weights(static_cast<size_t>(count)), values(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = 0.01f * static_cast<float>(i % 301) - 1.5f;
  const float step = 0.25f, scale = 1.0f;
  const quant::Grid grid{quant::GridKind::signed_, 4, step, 0};
  expect_launched(
      gpu.weight_values(kNoStream, {count, 1, grid, false, &step, &scale}, weights.data(), values.data()));
  for (size_t i = 0; i < weights.size(); ++i)
    ASSERT_EQ(values[i], grid.value_of(grid.code_of(weights[i]))) << i;
}

TEST(CudaKernels, WeightsAreThoseOfTheNumberFormat) {
  using namespace quant;
  Random random(3);
  std::vector<float> weights(6 * 50);
  for (float& w : weights) w = static_cast<float>(0.1 * random.normal());
  const std::vector<float> steps(6, 0.03f);
  for (const WeightSchemeEntry& entry : weight_schemes())
    for (int bits = entry.least_bits; bits <= entry.most_bits; ++bits)
      for (const size_t channels : {size_t{1}, size_t{6}}) {
        const std::vector<WeightGrid> grids =
            choose_weight_grids(entry.scheme, bits, weights, channels, std::span(steps).first(channels));
        std::vector<int16_t> codes(weights.size());
        quantize_weights(grids, weights, codes);
        std::vector<float> step, scale, values(weights.size());
        for (const WeightGrid& grid : grids) step.push_back(grid.grid.step), scale.push_back(grid.scale);
        expect_launched(gpu.weight_values(
            kNoStream,
            {static_cast<int64_t>(weights.size()), static_cast<int64_t>(channels), grids[0].grid,
             grids[0].transform == Transform::tanh, step.data(), scale.data()},
            weights.data(), values.data()));
        for (size_t i = 0; i < weights.size(); ++i)
          ASSERT_EQ(values[i], grids[i / (weights.size() / channels)].grid.value_of(codes[i])) << entry.name;
      }
}

}  // namespace
}  // namespace pact::kernels
