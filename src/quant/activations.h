// Activation schemes as plain arithmetic: from the learned number to the grid. Training, the reference,
// lowering and files ask here. What a scheme does in the backward pass is training's business
// (train/quantizers).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quant/grid.h"
#include "quant/learned.h"

namespace pact::quant {

enum class ActivationScheme {
#define PACT_ACTIVATION_SCHEME(name, ...) name,
#include "quant/activation_schemes.inc"
#undef PACT_ACTIVATION_SCHEME
};

struct ActivationSchemeEntry {
  ActivationScheme scheme;
  std::string_view name, source;
  Learned learned;
  GridKind signed_grid;  // of inputs that may be negative
};

std::span<const ActivationSchemeEntry> activation_schemes();
const ActivationSchemeEntry& entry_of(ActivationScheme scheme);
const ActivationSchemeEntry& activation_scheme_of(std::string_view name);  // throws Error on an unknown name
std::vector<std::string> activation_scheme_names();

// `form` (kind, bits and zero) with the step that `scheme` makes of its learned number; of schemes that learn
// nothing the level is 1.
//   step   the number itself
//   level  alpha / (2^k - 1) unsigned, alpha / (2^(k-1) - 1) symmetric and signed, alpha / ((2^k - 1) / 2)
//   odd
// Throws Error when the number or the grid is not valid.
Grid activation_grid(ActivationScheme scheme, Grid form, float parameter);

}  // namespace pact::quant
