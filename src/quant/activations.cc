#include "quant/activations.h"

#include "base/error.h"
#include "base/strings.h"

namespace pact::quant {
namespace {

constexpr ActivationSchemeEntry kEntries[] = {
#define PACT_ACTIVATION_SCHEME(name, learned, signed_grid, source) \
  {ActivationScheme::name, #name, source, Learned::learned, GridKind::signed_grid},
#include "quant/activation_schemes.inc"
#undef PACT_ACTIVATION_SCHEME
};

}  // namespace

std::span<const ActivationSchemeEntry> activation_schemes() { return kEntries; }

const ActivationSchemeEntry& entry_of(ActivationScheme scheme) {
  return kEntries[static_cast<size_t>(scheme)];
}

const ActivationSchemeEntry& activation_scheme_of(std::string_view name) {
  for (const ActivationSchemeEntry& entry : kEntries)
    if (entry.name == name) return entry;
  fail("{}", unknown_name("activation quantizer", name, activation_scheme_names()));
}

std::vector<std::string> activation_scheme_names() {
  std::vector<std::string> names;
  for (const ActivationSchemeEntry& entry : kEntries) names.emplace_back(entry.name);
  return names;
}

Grid activation_grid(ActivationScheme scheme, Grid form, float parameter) {
  const Learned learned = entry_of(scheme).learned;
  if (learned != Learned::nothing && !(parameter > 0.0f))
    fail("its {} is {}, it must be positive; has training diverged?", name_of(learned), parameter);
  form.step = 1.0f;
  require_valid(form);
  const float outermost = static_cast<float>(form.max_code()) * (form.kind == GridKind::odd ? 0.5f : 1.0f);
  form.step = learned == Learned::step    ? parameter
              : learned == Learned::level ? parameter / outermost
                                          : 1.0f / outermost;
  require_valid(form);
  return form;
}

}  // namespace pact::quant
