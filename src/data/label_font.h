// Letters for labels under images: capitals, small letters, digits and a few signs in 5 x 7 dots.
#pragma once

#include <string>

#include "data/image.h"

namespace pact::data {

constexpr int kLetterWidth = 6, kLetterHeight = 9;  // with the gap to the next letter and line

// Writes `text` in black with its upper left corner at (left, top); what lies outside `image` is left out,
// other characters become a box.
void draw_text(Image& image, int left, int top, const std::string& text);

}  // namespace pact::data
