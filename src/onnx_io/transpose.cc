#include "onnx_io/transpose.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace pact::onnx_io {

graph::Tensor transposed(const graph::Tensor& tensor, const std::vector<int64_t>& order) {
  const size_t rank = tensor.shape.size(), size = size_bytes(tensor.type);
  std::vector<int64_t> sorted = order;
  std::ranges::sort(sorted);
  bool is_permutation = order.size() == rank;
  for (size_t i = 0; is_permutation && i < rank; ++i) is_permutation = sorted[i] == static_cast<int64_t>(i);
  if (!is_permutation) fail("its perm is no order of the {} axes of its input", rank);

  std::vector<size_t> stride(rank, size), step(rank), extent(rank), at(rank, 0);
  for (size_t i = rank; i-- > 1;) stride[i - 1] = stride[i] * static_cast<size_t>(tensor.shape[i]);
  graph::Tensor result{tensor.type, {}, std::vector<std::byte>(tensor.bytes.size())};
  for (size_t i = 0; i < rank; ++i) {
    const auto axis = static_cast<size_t>(order[i]);
    step[i] = stride[axis];
    extent[i] = static_cast<size_t>(tensor.shape[axis]);
    result.shape.push_back(tensor.shape[axis]);
  }
  size_t from = 0;
  for (size_t to = 0; to < result.bytes.size(); to += size) {
    std::memcpy(result.bytes.data() + to, tensor.bytes.data() + from, size);
    for (size_t i = rank; i-- > 0;) {
      from += step[i];
      if (++at[i] < extent[i]) break;
      from -= step[i] * extent[i];
      at[i] = 0;
    }
  }
  return result;
}

}  // namespace pact::onnx_io
