// How an integer network requantizes, by the names that commands take.
#pragma once

#include <optional>
#include <string>

#include "passes/lower/lower.h"

namespace pact::api {

// From "real", "fixed" or "" (not said) and a width of streams, 0 where not said; nothing where neither is.
// Throws Error.
std::optional<passes::LowerOptions> lowering_of(const std::string& requantization, int stream_bits);

// "NETWORK: 3 of 20 layers are not quantized; ..." of an integer network that has float layers, which run in the engine,
// but nothing there is made for them; else empty.
std::string float_layers_note(const graph::Graph& lowered);

}  // namespace pact::api
