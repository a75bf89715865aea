// An integer layer with what is fused with it, as a step of a plan runs it: piece by piece, so that
// accumulators are turned into what is asked for while they are in the cache.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/integer_algorithm.h"
#include "engine/steps.h"

namespace pact::engine {

class IntegerStep {
 public:
  IntegerStep(const StepContext& context, const Fusion& fusion);

  void run(const Workspace& workspace) const;
  // Whether `other` yields the same pieces, and neither needs anything prepared before its pieces.
  bool goes_along_with(const IntegerStep& other) const;
  // What is computed together, of one group of images.
  int64_t groups(const Workspace& workspace) const {
    return (workspace.batch + group_images(workspace) - 1) / group_images(workspace);
  }
  int64_t pieces(const Workspace& workspace) const {
    return algorithm_->cut().pieces(rows_of(workspace, 0));
  }
  void run_piece(const Workspace& workspace, int64_t group, int64_t index, int worker) const {
    compute(workspace, group, index, prepared_of(workspace, worker), worker);
  }
  // Whether rows of the output can be had one piece after the other, all channels at once.
  bool yields_rows() const;
  int64_t rows_per_piece() const { return algorithm_->cut().rows_per_piece; }
  // Writes piece `index` of an image, its real numbers or else its codes, to `into` instead of where its value lies.
  // `ticket` belongs to this image in this run of the step, see Workspace.
  void run_rows(const Workspace& workspace, int64_t image, int64_t index, int64_t ticket, int worker,
                std::byte* into) const;
  // Another place for the shortcut that is read, or for the real numbers that are written.
  void read_shortcut_from(graph::ValueId value);
  void write_real_to(graph::ValueId value);

  size_t scratch_bytes() const { return accumulator_bytes_ + own_bytes_ + prepared_bytes_; }
  size_t weight_bytes() const { return algorithm_->weight_bytes(); }
  std::string algorithm() const;

 private:
  // Which preparations of which group a worker has made.
  struct Prepared {
    int64_t ticket;
    Preparations done;
  };
  static_assert(sizeof(Prepared) <= Workspace::kHeader);

  // All images are one group for a linear layer, whose shape counts them as rows of one image.
  int64_t group_images(const Workspace& workspace) const {
    return is_linear_ ? workspace.batch : algorithm_->cut().images;
  }
  // Of the output of a group; its last may have fewer images.
  int64_t rows_of(const Workspace& workspace, int64_t group) const {
    if (is_linear_) return workspace.batch;
    const int64_t images = algorithm_->cut().images;
    return std::min(images, workspace.batch - group * images) * shape_.out_height;
  }
  const std::byte* codes_of(const Workspace& workspace, int64_t group) const {
    const int64_t image = group * algorithm_->cut().images;
    return workspace.at<std::byte>(input_) + image * shape_.height * shape_.width * shape_.channels;
  }
  bool needs_nothing_prepared() const;
  void run_by_pieces(const Workspace& workspace) const;
  // Piece `index` of group `group`.
  void compute(const Workspace& workspace, int64_t group, int64_t index, const std::byte* prepared,
               int worker, std::byte* into = nullptr) const;
  // The same, with what it needs to be prepared; `ticket` belongs to this group in this run of the step.
  void prepare_and_compute(const Workspace& workspace, int64_t group, int64_t index, int64_t ticket,
                           int worker, std::byte* into = nullptr) const;
  void simplify();
  kernels::Requantize outputs_of(const Workspace& workspace, const Slab& slab, int64_t pixels,
                                 int64_t first_pixel, std::byte* into) const;
  void finish(const Workspace& workspace, const Slab& slab, int64_t pixels, int64_t first_pixel,
              const int32_t* accumulators, std::byte* into) const;
  // A worker's scratch: accumulators, the algorithm's own, a prepared image.
  Prepared& state_of(const Workspace& workspace, int worker) const {
    return *reinterpret_cast<Prepared*>(workspace.header_of(worker));
  }
  int32_t* accumulators_of(const Workspace& workspace, int worker) const {
    return reinterpret_cast<int32_t*>(workspace.scratch_of(worker));
  }
  std::byte* own_of(const Workspace& workspace, int worker) const {
    return workspace.scratch_of(worker) + accumulator_bytes_;
  }
  std::byte* prepared_of(const Workspace& workspace, int worker) const {
    return own_of(workspace, worker) + own_bytes_;
  }

  const kernels::RequantizeKernels& kernels_;
  Fusion fusion_;
  ConvShape shape_;
  std::unique_ptr<IntegerAlgorithm> algorithm_;
  bool is_linear_;
  bool is_finished_by_algorithm_ = false;
  graph::ValueId input_;
  size_t accumulator_bytes_, own_bytes_, prepared_bytes_;
  kernels::Requantize requantize_;        // all but pointers and extents
  std::vector<float> multiplier_, bias_;  // of the channels, repeated up to kPeriod
};

// Whether every thread computes whole groups of images: it then has at least two, or all have as many.
inline bool are_dealt_out(int64_t groups, int threads) {
  return groups >= 2 * threads || groups % threads == 0;
}

// run_piece(group, piece, worker) for all pieces of all groups.
template <typename RunPiece>
void for_pieces(ThreadPool& pool, int64_t groups, int64_t pieces, const RunPiece& run_piece) {
  if (are_dealt_out(groups, pool.threads())) {
    pool.parallel_for(groups, [&](int64_t group, int worker) {
      for (int64_t piece = 0; piece < pieces; ++piece) run_piece(group, piece, worker);
    });
    return;
  }
  for (int64_t group = 0; group < groups; ++group)
    pool.parallel_for(pieces, [&](int64_t piece, int worker) { run_piece(group, piece, worker); });
}

// What a plan has to know of it: all but what is run.
Step step_of(const StepContext& context, const Fusion& fusion, const IntegerStep& integer);

}  // namespace pact::engine
