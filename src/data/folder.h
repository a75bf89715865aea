// Folders of photographs: the user's own, Imagenette and ImageNet. Images are read when they are wanted and
// cropped from their files (data/crop.h).
#pragma once

#include <string>

#include "data/dataset.h"

namespace pact::data {

// `options`: DIR and the options that docs/data.md lists. Every file's header is looked at first; the damaged
// ones are refused all at once, or with damaged=skip left out, after their pixels were checked, too. Throws
// Error.
TrainTest load_folder(const std::string& options, Part part);
TrainTest load_imagenette(const std::string& options, Part part);
TrainTest load_imagenet(const std::string& options, Part part);

// The data sets without their images. The names of classes are read from DIR.
Dataset describe_folder(const std::string& options);
Dataset describe_imagenette(const std::string& options);
Dataset describe_imagenet(const std::string& options);

}  // namespace pact::data
