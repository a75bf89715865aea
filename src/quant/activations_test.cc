#include "quant/activations.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "quant/clip.h"

namespace pact::quant {
namespace {

TEST(Activations, LevelsAndStepsMakeGrids) {
  for (int bits = 1; bits <= 8; ++bits) {
    const Grid form{GridKind::unsigned_, bits, 9.0f};
    EXPECT_EQ(activation_grid(ActivationScheme::pact, form, 1.7f), clip_grid(1.7f, bits));
    EXPECT_EQ(activation_grid(ActivationScheme::dorefa, form, 1.7f), clip_grid(1.0f, bits));
    EXPECT_EQ(activation_grid(ActivationScheme::lsq, form, 0.3f).step, 0.3f);
  }
  EXPECT_EQ(activation_grid(ActivationScheme::pact, {GridKind::symmetric, 4, 1.0f}, 1.7f).step, 1.7f / 7);
  EXPECT_EQ(activation_grid(ActivationScheme::pact, {GridKind::odd, 2, 1.0f}, 1.5f).step, 1.0f);
  EXPECT_EQ(activation_grid(ActivationScheme::lsq, {GridKind::signed_, 3, 1.0f}, 0.3f).min_code(), -4);
}

TEST(Activations, RefusesWhatMakesNoGrid) {
  for (const ActivationSchemeEntry& entry : activation_schemes()) {
    EXPECT_EQ(activation_scheme_of(entry.name).scheme, entry.scheme);
    EXPECT_FALSE(entry.source.empty());
    const Grid form{GridKind::unsigned_, 4, 1.0f};
    EXPECT_THROW(activation_grid(entry.scheme, {GridKind::unsigned_, 9, 1.0f}, 1.0f), Error);
    if (entry.learned == Learned::nothing) continue;
    EXPECT_THROW(activation_grid(entry.scheme, form, 0.0f), Error);
    EXPECT_THROW(activation_grid(entry.scheme, form, -1.0f), Error);
    EXPECT_THROW(activation_grid(entry.scheme, form, NAN), Error);
  }
  EXPECT_THROW(activation_scheme_of("packt"), Error);
}

}  // namespace
}  // namespace pact::quant
