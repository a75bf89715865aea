#include "engine/pooled_layer.h"

#include <algorithm>
#include <cstring>

namespace pact::engine {
namespace {

constexpr size_t kMostBytes = 512 * 1024;  // of a band: half of a common L2

}  // namespace

PooledLayer::PooledLayer(const StepContext& context, const LayerGroup& group,
                         std::shared_ptr<const IntegerStep> layer)
    : layer_(std::move(layer)),
      pool_(pool_of(context, context.network.graph.node(group.pool))),
      type_(context.type_of(context.network.graph.node(group.pool).output).dtype),
      output_(context.network.graph.node(group.pool).output),
      kernels_(context.kernels),
      row_count_(pool_.width * pool_.channels),
      layer_bytes_(layer_->scratch_bytes()) {
  if (group.pool_quantize != graph::kNoNode) {
    const graph::Node& quantize = context.network.graph.node(group.pool_quantize);
    codes_ = quantize.output;
    grid_ = codes_on_grid(quantize);
  }
  // A window, and what a piece may yield beyond it before rows are moved to the beginning.
  band_rows_ = window_rows() + 2 * layer_->rows_per_piece();
}

int64_t PooledLayer::window_rows() const {
  return std::min((pool_.kernel[0] - 1) * pool_.dilations[0] + 1, pool_.height);
}

bool PooledLayer::is_worthwhile(int threads) const {
  if (!layer_->yields_rows() ||
      static_cast<size_t>(band_rows_ * row_count_) * size_bytes(type_) > kMostBytes)
    return false;
  // Where two threads meet in an image, these rows are computed twice.
  const int64_t repeated = std::max<int64_t>(window_rows() - pool_.strides[0], 0) + layer_->rows_per_piece();
  return threads == 1 || (pool_.out_height >= threads && 4 * threads * repeated <= pool_.height);
}

template <typename Element>
void PooledLayer::run_rows(const Workspace& workspace, int64_t image, int64_t begin, int64_t end,
                           int64_t ticket, int worker) const {
  auto* band = reinterpret_cast<Element*>(workspace.scratch_of(worker) + layer_bytes_);
  const int64_t at_once = layer_->rows_per_piece(), out_count = pool_.out_width * pool_.channels;
  // No row before this one is read for output `row` or a later one. Where windows have gaps, those at the upper edge
  // begin further down than those that follow.
  const auto least_row = [&](int64_t row) {
    return std::max<int64_t>(row * pool_.strides[0] - pool_.pads[0], 0);
  };
  // Of the layer's rows in the band.
  int64_t first = std::min(least_row(begin), pool_.height - 1) / at_once * at_once, behind = first;
  for (int64_t row = begin; row < end; ++row) {
    const Taps rows = rows_of(pool_, row);
    for (const int64_t last = rows.first + (rows.count - 1) * pool_.dilations[0]; behind <= last;) {
      const int64_t yielded = std::min(at_once, pool_.height - behind);
      if (behind + yielded - first > band_rows_) {
        const int64_t kept = std::min(least_row(row), behind);
        std::memmove(band, band + (kept - first) * row_count_,
                     static_cast<size_t>((behind - kept) * row_count_) * sizeof(Element));
        first = kept;
      }
      layer_->run_rows(workspace, image, behind / at_once, ticket, worker,
                       reinterpret_cast<std::byte*>(band + (behind - first) * row_count_));
      behind += yielded;
    }
    const int64_t place = (image * pool_.out_height + row) * out_count;
    Element* out = workspace.at<Element>(output_) + place;
    pool_row<Element>(pool_, band, first, row, out);
    if constexpr (std::is_same_v<Element, float>)
      if (codes_ != kNoValue) kernels_.quantize(grid_, out_count, out, workspace.at<uint8_t>(codes_) + place);
  }
}

template <typename Element>
void PooledLayer::run(const Workspace& workspace) const {
  ThreadPool& pool = *workspace.pool;
  const int64_t tickets = workspace.take_tickets(workspace.batch);
  const auto ticket_of = [&](int64_t image) { return tickets + image * workspace.ticket_stride; };
  if (are_dealt_out(workspace.batch, pool.threads())) {
    pool.parallel_for(workspace.batch, [&](int64_t image, int worker) {
      run_rows<Element>(workspace, image, 0, pool_.out_height, ticket_of(image), worker);
    });
    return;
  }
  // No more parts than threads, see is_worthwhile.
  const int64_t parts = std::min<int64_t>(pool.threads(), pool_.out_height);
  for (int64_t image = 0; image < workspace.batch; ++image)
    pool.parallel_for(parts, [&](int64_t part, int worker) {
      run_rows<Element>(workspace, image, part * pool_.out_height / parts,
                        (part + 1) * pool_.out_height / parts, ticket_of(image), worker);
    });
}

Step PooledLayer::step(const Step& layer) const {
  Step step = layer;
  step.algorithm += " + max_pool";
  if (codes_ != kNoValue) step.algorithm += " + quantize";
  step.scratch_bytes += static_cast<size_t>(band_rows_ * row_count_) * size_bytes(type_);
  step.writes = {output_};
  if (codes_ != kNoValue) step.writes.push_back(codes_);
  step.written_over = step.over = kNoValue;
  step.run = [pooled = *this](const Workspace& workspace) {
    switch (pooled.type_) {
      case graph::DataType::u8:
        return pooled.run<uint8_t>(workspace);
      case graph::DataType::i8:
        return pooled.run<int8_t>(workspace);
      default:
        return pooled.run<float>(workspace);
    }
  };
  return step;
}

}  // namespace pact::engine
