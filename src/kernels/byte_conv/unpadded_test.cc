// Images without padding, where kernels take them, against padded copies and the portable kernels.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/byte_conv/byte_conv.h"
#include "kernels/test_kernels.h"
#include "kernels/test_numbers.h"
#include "quant/inverse.h"

namespace pact::kernels {
namespace {

constexpr int64_t kBlock = ByteConvKernels::kBlock, kChannels = 16, kKernelWidth = 3;

std::vector<Named<ByteConvKernels>> kernels_that_take_unpadded() {
  auto all = named_kernels<ByteConvKernels>(
      byte_conv_kernels, PACT_EMULATED({"emulated x86_avx512vnni", &kByteConv_x86_avx512vnni_emulated}));
  std::erase_if(all, [](const auto& named) { return !named.kernels->takes_unpadded; });
  return all;
}

struct Extents {
  int64_t height, width, kernel_height, stride, dilation;  // the last two of rows
  int64_t padding() const { return (kernel_height - 1) / 2 * dilation; }
  int64_t out_height() const { return (height - 1) / stride + 1; }
};

enum class Form { codes, real_shortcut };

struct Outputs {
  std::vector<float> real;
  std::vector<uint8_t> codes;
};

// An image, and what becomes of it with padding and without. The image is as large as its pixels, so that
// sanitizers see what is read beyond.
class Layer {
 public:
  Layer(const Extents& extents, uint64_t seed) : e_(extents), random_(seed) {
    for (int64_t c = 0; c < kChannels; ++c) zero_.push_back(static_cast<uint8_t>(random_.below(256)));
    for (int64_t i = 0; i < e_.height * e_.width * kChannels; ++i)
      image_.push_back(static_cast<uint8_t>(random_.below(256)));
    image_.shrink_to_fit();
    for (int64_t i = 0; i < e_.kernel_height * kKernelWidth * kChannels * kBlock; ++i)
      weights_.push_back(static_cast<int8_t>(static_cast<int>(random_.below(256)) - 128));
    for (int64_t o = 0; o < kBlock; ++o) {
      start_.push_back(static_cast<int32_t>(random_.below(100000)) - 50000);
      multiplier_.push_back(static_cast<float>(random_.uniform(-1, 1)) * 2e-5f);
      bias_.push_back(static_cast<float>(random_.normal()));
    }
    for (int64_t i = 0; i < pixels() * kBlock; ++i) shortcut_.push_back(static_cast<float>(random_.normal()));
  }

  Outputs padded(Form form) const {
    const int64_t line = (e_.width + 2) * kChannels, padding = e_.padding();
    std::vector<uint8_t> x;
    for (int64_t y = -padding; y < e_.height + padding; ++y)
      for (int64_t column = -1; column <= e_.width; ++column)
        for (int64_t c = 0; c < kChannels; ++c) {
          const bool is_inside = y >= 0 && y < e_.height && column >= 0 && column < e_.width;
          x.push_back(is_inside ? image_[static_cast<size_t>((y * e_.width + column) * kChannels + c)]
                                : zero_[static_cast<size_t>(c)]);
        }
    std::vector<int64_t> pixels, segments;
    ByteWindows windows = windows_of(line, pixels, segments);
    std::vector<int32_t> sums(static_cast<size_t>(this->pixels() * kBlock));
    windows.x = x.data();
    windows.start = start_.data();
    windows.accumulators = sums.data();
    kByteConv_portable.multiply(windows);
    Outputs outputs = fresh();
    Requantize r = requantize(form, outputs);
    r.accumulators = sums.data();
    kRequantize_portable.requantize(r);
    return outputs;
  }

  Outputs unpadded(const ByteConvKernels& kernels, Form form) const {
    const int64_t line = e_.width * kChannels;
    std::vector<int64_t> pixels, segments;
    ByteWindows windows = windows_of(line, pixels, segments);
    std::vector<uint8_t> outside;
    for (int64_t i = 0; i < segments.back() + kChannels; ++i)
      outside.push_back(zero_[static_cast<size_t>(i % kChannels)]);
    std::vector<ByteRow> rows;
    std::vector<int32_t> start;  // with what kernel rows beyond the image would add
    for (int64_t row = 0; row < e_.out_height(); ++row) {
      ByteRow within{0, 0, static_cast<int64_t>(start.size())};
      std::vector<int32_t> sums = start_;
      for (int64_t i = 0; i < e_.kernel_height; ++i) {
        const int64_t y = row * e_.stride - e_.padding() + i * e_.dilation;
        if (y >= 0 && y < e_.height) {
          ++within.segment_count;
          continue;
        }
        if (y < 0) within.first_segment = i + 1;
        for (int64_t k = 0; k < kKernelWidth * kChannels; ++k)
          for (int64_t o = 0; o < kBlock; ++o)
            sums[static_cast<size_t>(o)] +=
                zero_[static_cast<size_t>(k % kChannels)] *
                weights_[static_cast<size_t>(((i * kKernelWidth * kChannels + k) / 4 * kBlock + o) * 4 +
                                             k % 4)];
      }
      start.insert(start.end(), sums.begin(), sums.end());
      rows.push_back(within);
    }
    windows.x = image_.data() - e_.padding() * line - kChannels;
    windows.start = start.data();
    windows.outside = outside.data();
    windows.rows = rows.data();
    EXPECT_TRUE(kernels.takes_unpadded(windows));
    Outputs outputs = fresh();
    kernels.multiply_and_requantize(windows, requantize(form, outputs));
    return outputs;
  }

 private:
  int64_t pixels() const { return e_.out_height() * e_.width; }
  Outputs fresh() const { return {shortcut_, std::vector<uint8_t>(shortcut_.size(), 77)}; }

  // All but x, start and what depends on padding, of an image with `line` bytes in a row.
  ByteWindows windows_of(int64_t line, std::vector<int64_t>& pixels, std::vector<int64_t>& segments) const {
    for (int64_t row = 0; row < e_.out_height(); ++row)
      for (int64_t column = 0; column < e_.width; ++column)
        pixels.push_back(row * e_.stride * line + column * kChannels);
    for (int64_t i = 0; i < e_.kernel_height; ++i) segments.push_back(i * e_.dilation * line);
    return {.x = nullptr,
            .pixels = pixels.data(),
            .pixel_count = this->pixels(),
            .segments = segments.data(),
            .segment_count = e_.kernel_height,
            .fours = kKernelWidth * kChannels / 4,
            .weights = weights_.data(),
            .blocks = 1,
            .start = nullptr,
            .accumulators = nullptr,
            .stride = kBlock,
            .short_fours = 1,
            .short_segments = 1,
            .step = kChannels,
            .row_pixels = e_.width};
  }

  Requantize requantize(Form form, Outputs& outputs) const {
    const bool has_shortcut = form == Form::real_shortcut;
    const quant::Grid grid{quant::GridKind::unsigned_, 8, 0.05f};
    const quant::Inverse inverse = quant::exact_inverse(grid);
    return {.rows = pixels(),
            .width = kBlock,
            .stride = kBlock,
            .accumulator_stride = kBlock,
            .multiplier = multiplier_.data(),
            .bias = bias_.data(),
            .shortcut = has_shortcut ? outputs.real.data() : nullptr,
            .activation = has_shortcut ? Activation::relu : Activation::none,
            .real = has_shortcut ? outputs.real.data() : nullptr,
            .codes = outputs.codes.data(),
            .code_kind = CodeKind::whole,
            .step = grid.step,
            .inverse = inverse.near,
            .inverse_rest = inverse.rest,
            .is_bounded = !has_shortcut,
            .least_code = 0,
            .largest_code = grid.max_code()};
  }

  Extents e_;
  Random random_;
  std::vector<uint8_t> zero_, image_;
  std::vector<int8_t> weights_;
  std::vector<int32_t> start_;
  std::vector<float> multiplier_, bias_, shortcut_;
};

TEST(ByteConvKernels, ImagesWithoutPaddingGiveTheBitsOfPaddedOnes) {
  std::vector<Extents> all{
      {1, 8, 1, 1, 1}, {6, 16, 5, 1, 1}, {7, 8, 3, 2, 1}, {5, 16, 3, 1, 2}, {2, 8, 5, 2, 1}};
  for (const int64_t height : {1, 2, 3, 6})
    for (const int64_t width : {8, 16, 40}) all.push_back({height, width, 3, 1, 1});
  for (const auto& named : kernels_that_take_unpadded())
    for (const Extents& e : all) {
      const Layer layer(e, 5);
      for (const Form form : {Form::codes, Form::real_shortcut}) {
        const Outputs expected = layer.padded(form);
        const Outputs computed = layer.unpadded(*named.kernels, form);
        const std::string what =
            fmt::format("{}, {} x {}, kernel of {} rows, stride {}, dilation {}", named.name, e.height,
                        e.width, e.kernel_height, e.stride, e.dilation);
        ASSERT_EQ(computed.codes, expected.codes) << what;
        ASSERT_EQ(bits_of(computed.real), bits_of(expected.real)) << what;
      }
    }
#if defined(PACT_HAS_EMULATED_KERNELS)
  EXPECT_FALSE(kernels_that_take_unpadded().empty());
#endif
}

TEST(ByteConvKernels, OnlyOneBlockOfWholeTilesMayBeUnpadded) {
  for (const auto& named : kernels_that_take_unpadded()) {
    ByteWindows windows{};
    windows.pixel_count = windows.row_pixels = 16;
    windows.fours = kKernelWidth * kChannels / 4;
    windows.blocks = 1;
    windows.step = kChannels;
    const auto takes = [&](int64_t ByteWindows::*what, int64_t number) {
      ByteWindows other = windows;
      other.*what = number;
      return named.kernels->takes_unpadded(other);
    };
    EXPECT_TRUE(takes(&ByteWindows::blocks, 1)) << named.name;
    EXPECT_FALSE(takes(&ByteWindows::blocks, 2)) << named.name;
    EXPECT_FALSE(takes(&ByteWindows::row_pixels, 10)) << named.name;
    EXPECT_FALSE(takes(&ByteWindows::fours, 5 * kChannels / 4)) << named.name;
    EXPECT_FALSE(takes(&ByteWindows::step, 0)) << named.name;
  }
}

}  // namespace
}  // namespace pact::kernels
