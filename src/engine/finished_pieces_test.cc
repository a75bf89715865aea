// Layers whose algorithms requantize for themselves (IntegerAlgorithm::accumulate_to), piece by piece, against products
// of 16 bits that are requantized afterwards: shapes that random networks seldom have, with what makes them take the
// way that is meant.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "engine/algorithms.h"
#include "engine/aligned.h"
#include "engine/windows.h"
#include "kernels/byte_conv/byte_conv.h"
#include "kernels/winograd/winograd.h"
#include "quant/inverse.h"

namespace pact::engine {
namespace {

using Make = std::unique_ptr<IntegerAlgorithm> (*)(const IntegerProblem&);

struct Extents {
  int64_t channels, outputs, height, width;
  int64_t stride_y = 1, stride_x = 1, dilation_y = 1, dilation_x = 1;
};

// 3x3, padded by as much as the taps are apart.
ConvShape shape_of(const Extents& e) {
  const auto out = [](int64_t in, int64_t stride) { return (in - 1) / stride + 1; };
  return {.channels = e.channels,
          .height = e.height,
          .width = e.width,
          .outputs = e.outputs,
          .out_height = out(e.height, e.stride_y),
          .out_width = out(e.width, e.stride_x),
          .kernel_height = 3,
          .kernel_width = 3,
          .stride_y = e.stride_y,
          .stride_x = e.stride_x,
          .dilation_y = e.dilation_y,
          .dilation_x = e.dilation_x,
          .top = e.dilation_y,
          .left = e.dilation_x,
          .bottom = e.dilation_y,
          .right = e.dilation_x};
}

enum class Form { codes, reals, real_shortcut, codes_as_shortcut };
constexpr Form kForms[] = {Form::codes, Form::reals, Form::real_shortcut, Form::codes_as_shortcut};

struct Outputs {
  std::vector<float> real;
  std::vector<uint8_t> codes;
  bool operator==(const Outputs&) const = default;
};

enum class Codes { from_zero, with_zeros, negative, odd_weights };  // with zero codes of each channel

// A layer of random numbers over some images, and what its sums become.
class Layer {
 public:
  Layer(const ConvShape& shape, int64_t images, Codes codes = Codes::from_zero) : images_(images) {
    problem_.shape = shape;
    for (int64_t i = 0; i < shape.outputs * shape.channels * 9; ++i)
      problem_.weights.push_back(static_cast<int16_t>(static_cast<int>(random_.below(255)) - 127));
    for (int64_t i = 0; i < images * shape.height * shape.width * shape.channels; ++i)
      codes_.push_back(static_cast<std::byte>(random_.below(64)));
    codes_.shrink_to_fit();  // so that sanitizers see what is read beyond
    problem_.largest_code = 63;
    if (codes == Codes::negative) {
      problem_.has_signed_codes = true;
      problem_.least_code = -9;
      for (std::byte& code : codes_) code = static_cast<std::byte>(static_cast<int>(code) - 9);
    }
    if (codes == Codes::with_zeros)
      for (int64_t c = 0; c < shape.channels; ++c)
        problem_.zero.push_back(static_cast<int16_t>(random_.below(64)));
    if (codes == Codes::odd_weights)
      for (int16_t& weight : problem_.weights) weight = static_cast<int16_t>(2 * weight + 1);
    for (int64_t o = 0; o < shape.outputs; ++o) {
      multiplier_.push_back(static_cast<float>(random_.uniform(-3e-5, 3e-5)));
      bias_.push_back(static_cast<float>(random_.normal()));
    }
    for (int64_t i = 0; i < pixels() * shape.outputs; ++i) {
      shortcut_.push_back(static_cast<float>(random_.normal()));
      shortcut_codes_.push_back(static_cast<uint8_t>(random_.below(256)));
    }
  }

  IntegerProblem problem(Isa isa, int threads) const {
    IntegerProblem problem = problem_;
    problem.isa = isa;
    problem.threads = threads;
    problem.images = images_;
    return problem;
  }

  Outputs expected(Form form) const { return finished_after(*make_int16(problem_), form); }

  // One image after the other, stored and requantized then.
  Outputs finished_after(const IntegerAlgorithm& algorithm, Form form) const {
    Outputs outputs = fresh_outputs();
    kernels::Requantize r = requantize(form, outputs);
    std::vector<int32_t> sums(static_cast<size_t>(pixels() * problem_.shape.outputs));
    for (int64_t image = 0; image < images_; ++image)
      run(algorithm, image,
          [&](const Piece& piece, const std::byte* codes, std::byte* prepared, std::byte* scratch) {
            std::vector<int32_t> own(
                static_cast<size_t>(algorithm.cut().accumulator_count(problem_.shape.out_width)));
            algorithm.accumulate(piece, codes, prepared, scratch, own.data());
            for (int64_t p = 0; p < piece.rows * problem_.shape.out_width; ++p)
              for (int64_t o = 0; o < piece.slab->width; ++o)
                sums[static_cast<size_t>((first_pixel(image, piece) + p) * r.stride + piece.slab->first +
                                         o)] = own[static_cast<size_t>(p * piece.slab->stride + o)];
          });
    r.accumulators = sums.data();
    kernels::kRequantize_portable.requantize(r);
    return outputs;
  }

  // By the algorithm itself, which must be able to.
  Outputs finished_by(const IntegerAlgorithm& algorithm, Form form) const {
    Outputs outputs = fresh_outputs();
    const kernels::Requantize r = requantize(form, outputs);
    EXPECT_TRUE(algorithm.can_finish(r));
    for (int64_t image = 0; image < images_; image += algorithm.cut().images)
      run(algorithm, image,
          [&](const Piece& piece, const std::byte* codes, std::byte* prepared, std::byte* scratch) {
            algorithm.accumulate_to(piece, codes, prepared, scratch,
                                    kernels::part_of(r, first_pixel(image, piece), piece.slab->first));
          });
    return outputs;
  }

 private:
  int64_t pixels() const { return images_ * problem_.shape.out_height * problem_.shape.out_width; }
  int64_t first_pixel(int64_t image, const Piece& piece) const {
    return (image * problem_.shape.out_height + piece.first_row) * problem_.shape.out_width;
  }
  Outputs fresh_outputs() const { return {shortcut_, std::vector<uint8_t>(shortcut_.size(), 77)}; }

  kernels::Requantize requantize(Form form, Outputs& outputs) const {
    const quant::Grid grid{quant::GridKind::unsigned_, 6, 0.05f};
    const quant::Inverse inverse = quant::exact_inverse(grid);
    const bool has_real_shortcut = form == Form::real_shortcut;
    return {.rows = pixels(),
            .width = problem_.shape.outputs,
            .stride = problem_.shape.outputs,
            .accumulator_stride = problem_.shape.outputs,
            .multiplier = multiplier_.data(),
            .bias = bias_.data(),
            .shortcut = has_real_shortcut ? outputs.real.data() : nullptr,
            .shortcut_codes = form == Form::codes_as_shortcut ? shortcut_codes_.data() : nullptr,
            .shortcut_step = 0.02f,
            .activation = has_real_shortcut ? kernels::Activation::relu : kernels::Activation::none,
            .real = has_real_shortcut || form == Form::reals ? outputs.real.data() : nullptr,
            .codes = form == Form::reals ? nullptr : outputs.codes.data(),
            .code_kind = form == Form::reals ? kernels::CodeKind::none : kernels::CodeKind::whole,
            .step = grid.step,
            .inverse = inverse.near,
            .inverse_rest = inverse.rest,
            .is_bounded = !has_real_shortcut,
            .least_code = 0,
            .largest_code = grid.max_code()};
  }

  // Prepares a group of images, from `image` on, and visits all pieces. The last group has fewer.
  template <typename Visit>
  void run(const IntegerAlgorithm& algorithm, int64_t image, const Visit& visit) const {
    const ConvShape& s = problem_.shape;
    const int64_t rows = std::min(algorithm.cut().images, images_ - image) * s.out_height;
    const std::byte* codes = codes_.data() + image * s.height * s.width * s.channels;
    AlignedVector<std::byte> prepared(algorithm.prepared_bytes()), scratch(algorithm.scratch_bytes());
    for (int64_t i = 0; i < algorithm.preparations(rows); ++i)
      algorithm.prepare(codes, rows, i, prepared.data());
    for (int64_t i = 0; i < algorithm.cut().pieces(rows); ++i)
      visit(piece_of(algorithm.cut(), i, rows), codes, prepared.data(), scratch.data());
  }

  Random random_{11};
  IntegerProblem problem_;
  int64_t images_;
  std::vector<std::byte> codes_;
  std::vector<float> multiplier_, bias_, shortcut_;
  std::vector<uint8_t> shortcut_codes_;
};

// How many blocks of channels a piece has, and whether it transforms its own tiles, or its own weights.
struct Way {
  bool has_more_blocks_than_at_once = false, has_odd_blocks = false, has_own_tiles = false,
       has_panels = false, has_several_images = false;
};

TEST(FinishedPieces, WinogradHasTheBitsOfProductsInAllItsWays) {
  struct Case {
    Extents extents;
    int64_t images = 1;
  };
  const Case all[] = {{{16, 32, 9, 11}},     // a slab of two blocks
                      {{32, 80, 8, 8}},      // several, the last of one block
                      {{48, 48, 40, 30}},    // pieces with own tiles and all blocks
                      {{96, 208, 33, 32}},
                      {{256, 288, 6, 5}},    // weights transformed by each piece
                      {{64, 96, 4, 4}, 3},  // several images in a piece
                      {{64, 96, 7, 11}, 5},  // the last group has fewer of them; tiles of edges
                      {{64, 96, 9, 10}, 5},
                      {{64, 96, 3, 1}, 5}};
  for (const Isa isa : available_isas()) {
    if (!kernels::winograd_kernels(isa).transform_and_requantize) continue;
    Way seen;
    for (const Case& one : all) {
      const ConvShape shape = shape_of(one.extents);
      const Layer layer(shape, one.images);
      for (const Form form : kForms) {
        const Outputs expected = layer.expected(form);
        for (const int threads : {1, 3})
          for (const Make make : {make_winograd_2x2, make_winograd_4x4}) {
            const IntegerProblem problem = layer.problem(isa, threads);
            ASSERT_TRUE(winograd_2x2_is_exact(problem) && winograd_4x4_is_exact(problem));
            const auto algorithm = make(problem);
            const std::vector<Slab>& slabs = algorithm->cut().slabs;
            seen.has_more_blocks_than_at_once |= slabs[0].stride > 32;
            seen.has_odd_blocks |= slabs.back().stride / 16 % 2 == 1 && slabs.back().stride > 16;
            seen.has_own_tiles |= algorithm->prepared_bytes() == 0;
            seen.has_panels |=
                algorithm->weight_bytes() == static_cast<size_t>(9 * shape.channels * shape.outputs);
            seen.has_several_images |= algorithm->cut().images > 1;
            ASSERT_GE(slabs[0].stride, 32);
            ASSERT_EQ(layer.finished_by(*algorithm, form), expected)
                << fmt::format("{}, {}, {} to {}, form {}, {} threads", name_of(isa), algorithm->name(),
                               shape.channels, shape.outputs, static_cast<int>(form), threads);
          }
      }
    }
    EXPECT_TRUE(seen.has_more_blocks_than_at_once && seen.has_odd_blocks && seen.has_own_tiles);
    EXPECT_TRUE(seen.has_panels && seen.has_several_images);
  }
}

// Windows of 16 channels share what they read only where they are neighbours: `step` says so, and makes kernels do it
// where rows are whole tiles (byte_conv_test.cc).
TEST(FinishedPieces, WindowsShareWhatTheyReadWhereTheyOverlap) {
  struct Case {
    Extents extents;
    int64_t step;
  };
  const Case all[] = {{{16, 16, 9, 16}, 16},
                      {{16, 48, 16, 16}, 16},  // two blocks, and one by itself
                      {{16, 16, 10, 12}, 16},  // no whole tiles in a row
                      {{16, 16, 9, 16, 2, 1}, 16},
                      {{16, 16, 9, 16, 1, 1, 2, 1}, 16},
                      {{16, 16, 9, 32, 1, 2}, 0},  // here neighbours are two pixels apart
                      {{16, 16, 9, 32, 2, 2}, 0},
                      {{16, 16, 9, 16, 1, 1, 1, 2}, 0},  // and here the taps
                      {{16, 16, 9, 16, 1, 1, 2, 2}, 0}};
  for (const auto& [extents, step] : all) {
    const ConvShape shape = shape_of(extents);
    const Windows windows = make_windows(shape, 1);
    EXPECT_EQ(windows.step, step);
    if (step > 0) {
      EXPECT_EQ(windows.segment_length, 3 * step);
    }
    const Layer layer(shape, 1);
    for (const Isa isa : available_isas()) {
      if (!kernels::byte_conv_kernels(isa).multiply_and_requantize) continue;
      for (const Form form : kForms)
        for (const int threads : {1, 2})
          ASSERT_EQ(layer.finished_by(*make_int8(layer.problem(isa, threads)), form), layer.expected(form))
              << fmt::format("{}, to {} of {} x {}, strides {} {}, dilations {} {}, form {}", name_of(isa),
                             extents.outputs, extents.height, extents.width, extents.stride_y,
                             extents.stride_x, extents.dilation_y, extents.dilation_x,
                             static_cast<int>(form));
    }
  }
}

// Layers of 16 channels whose rows are whole tiles need no padded copy, where the kernel says so; what it cannot take
// has one, and so have sums that are stored. Images lie one behind the other, and the last ends where memory does.
TEST(FinishedPieces, ImagesLeftUnpaddedHaveTheBitsOfPaddedOnes) {
  struct Case {
    Extents extents;
    Codes codes = Codes::from_zero;
    bool is_unpadded = true;  // by kernels that take any
  };
  std::vector<Case> all{{{16, 16, 5, 16, 2, 1}},            // rows two apart
                        {{16, 16, 5, 16, 1, 1, 2, 1}},      // and rows of the kernel
                        {{16, 16, 1, 8, 1, 1, 2, 1}, Codes::with_zeros},
                        {{16, 16, 5, 12}, Codes::with_zeros, false},
                        {{16, 32, 5, 16}, Codes::with_zeros, false},
                        {{16, 20, 5, 16}, Codes::with_zeros, false},
                        {{32, 16, 5, 16}, Codes::with_zeros, false},
                        {{16, 16, 5, 16}, Codes::negative, false},
                        {{16, 16, 5, 16}, Codes::odd_weights, false}};
  for (const int64_t width : {8, 16, 32})
    for (int64_t height = 1; height <= 5; ++height) {
      all.push_back({{16, 16, height, width}});
      all.push_back({{16, 16, height, width}, Codes::with_zeros});
    }
  all.push_back({{16, 16, 33, 32}, Codes::with_zeros});  // several pieces
  bool has_unpadded = false;
  for (const auto& [extents, codes, is_unpadded] : all)
    for (const int64_t images : {1, 3}) {
      const Layer layer(shape_of(extents), images, codes);
      for (const Isa isa : available_isas())
        for (const int threads : {1, 2}) {
          const IntegerProblem problem = layer.problem(isa, threads);
          if (!int8_is_exact(problem)) continue;
          const auto algorithm = make_int8(problem);
          const std::string what =
              fmt::format("{}, to {} of {} x {}, codes {}, {} threads", name_of(isa), extents.outputs,
                          extents.height, extents.width, static_cast<int>(codes), threads);
          const bool needs_copy = !is_unpadded || !kernels::byte_conv_kernels(isa).takes_unpadded;
          EXPECT_EQ(algorithm->preparations(extents.height) > 0, needs_copy) << what;
          EXPECT_EQ(algorithm->prepared_bytes() > 0, needs_copy) << what;
          has_unpadded |= !needs_copy;
          for (const Form form : kForms) {
            const Outputs expected = layer.expected(form);
            ASSERT_EQ(layer.finished_after(*algorithm, form), expected) << what;
            if (!kernels::byte_conv_kernels(isa).multiply_and_requantize || extents.outputs % 16 != 0)
              continue;
            ASSERT_EQ(layer.finished_by(*algorithm, form), expected) << what;
          }
        }
    }
  if (kernels::byte_conv_kernels(available_isas().back()).takes_unpadded) {
    EXPECT_TRUE(has_unpadded);
  }
}

// Outputs of padding alone have no row of the kernel within the image.
TEST(FinishedPieces, ImagesWithFarPaddingAreCopied) {
  ConvShape shape = shape_of({16, 16, 2, 16});
  shape.top = shape.bottom = 3;
  shape.out_height = 6;
  const Layer layer(shape, 2, Codes::with_zeros);
  for (const Isa isa : available_isas()) {
    const IntegerProblem problem = layer.problem(isa, 1);
    if (!int8_is_exact(problem)) continue;
    const auto algorithm = make_int8(problem);
    EXPECT_GT(algorithm->preparations(shape.out_height), 0) << name_of(isa);
    const Outputs expected = layer.expected(Form::codes);
    EXPECT_EQ(layer.finished_after(*algorithm, Form::codes), expected) << name_of(isa);
    if (kernels::byte_conv_kernels(isa).multiply_and_requantize) {
      EXPECT_EQ(layer.finished_by(*algorithm, Form::codes), expected) << name_of(isa);
    }
  }
}

}  // namespace
}  // namespace pact::engine
