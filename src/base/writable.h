// Whether a file or folder could be written, asked before the work whose outcome it is to hold. The disk may
// still be full by then: only writing tells.
#pragma once

#include <filesystem>

namespace pact {

// Throws Error where write_file could not write `path`: it is a folder, or its own folder is missing or not
// to be written to.
void require_writable(const std::filesystem::path& path);

// The same of a folder `path` that is still to be made, with its parents.
void require_can_be_made(const std::filesystem::path& path);

}  // namespace pact
