// Grey images as colour and the other way round.
#pragma once

#include "data/image.h"

namespace pact::data {

// `image` with `channels` channels, 1 or 3: grey is repeated; colours become 0.299 R + 0.587 G + 0.114 B
// (ITU-R BT.601, as in JPEG), rounded.
Image with_channels(Image image, int channels);

}  // namespace pact::data
