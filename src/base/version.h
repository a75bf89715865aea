// The version of the toolkit, as programs print it and runs record it.
#pragma once

namespace pact {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace pact
