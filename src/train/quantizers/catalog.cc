#include "train/quantizers/catalog.h"

#include "base/error.h"
#include "base/strings.h"
#include "train/quantizers/activation_clips.h"
#include "train/quantizers/weight_grids.h"

namespace pact::train {
namespace {

template <typename Entry>
auto make(const std::vector<Entry>& entries, const char* kind, const std::string& name) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    if (entry.name == name) return entry.make();
    names.push_back(entry.name);
  }
  fail("{}", unknown_name(kind, name, names));
}

}  // namespace

const std::vector<WeightQuantizerEntry>& weight_quantizers() {
  static const std::vector<WeightQuantizerEntry> entries = {
      {"dorefa", "Zhou et al. 2016, arXiv:1606.06160", make_dorefa_weights},
      {"sawb", "Choi et al. 2019, arXiv:1807.06964", make_sawb_weights},
      {"symmetric", "the same statistic, levels with zero", make_symmetric_weights},
  };
  return entries;
}

const std::vector<ActivationQuantizerEntry>& activation_quantizers() {
  static const std::vector<ActivationQuantizerEntry> entries = {
      {"pact", "Choi et al. 2018, arXiv:1805.06085: learned level", make_pact},
      {"dorefa", "Zhou et al. 2016: level 1", make_dorefa_clip},
  };
  return entries;
}

std::unique_ptr<WeightQuantizer> make_weight_quantizer(const std::string& name) {
  return make(weight_quantizers(), "weight quantizer", name);
}
std::unique_ptr<ActivationQuantizer> make_activation_quantizer(const std::string& name) {
  return make(activation_quantizers(), "activation quantizer", name);
}

}  // namespace pact::train
